// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause

//! Tests of the crate with libquiclb of QUICLB_LIB_DIR.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use quiclb::{mint_unroutable, Config, Generator, Source, State};

const KEY: &str = "8f95f09245765f80256934e50c66207f";

fn hex(text: &str) -> Vec<u8> {
    (0..text.len())
        .step_by(2)
        .map(|i| u8::from_str_radix(&text[i..i + 2], 16).expect(text))
        .collect()
}

/// A directory of the test's own.
struct Directory(PathBuf);

impl Directory {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("quiclb-{name}-{}", std::process::id()));
        fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    fn write(&self, name: &str, text: &str, mode: u32) -> PathBuf {
        let path = self.0.join(name);
        fs::write(&path, text).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
        path
    }

    fn key(&self) -> String {
        let path = self.write("key", KEY, 0o600);
        path.to_str().unwrap().to_string()
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

#[test]
fn vectors() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../vectors");
    let mut count = 0;
    for line in fs::read_to_string(path).unwrap().lines() {
        if line.starts_with('#') {
            continue;
        }
        let fields: Vec<_> = line.split_whitespace().collect();
        let [id, server_id, nonce, option, key, cid] = fields[..] else {
            panic!("{line}: not six fields");
        };
        let (server_id, nonce, mut cid) = (hex(server_id), hex(nonce), hex(cid));
        let key = (key != "-").then(|| hex(key).try_into().unwrap());
        let config = Config::new(
            id.parse().unwrap(),
            server_id.len(),
            nonce.len(),
            option == "self-len",
            key.as_ref(),
        )
        .unwrap();
        assert_eq!(
            config.encode(&server_id, &nonce, 0).unwrap()[..],
            cid,
            "{line}"
        );
        assert!(config.decode(&cid[..cid.len() - 1]).is_err());
        cid.extend_from_slice(b"more");
        assert_eq!(config.decode(&cid).unwrap(), (server_id, nonce), "{line}");
        count += 1;
    }
    assert!(count > 7);
}

#[test]
fn rotation() {
    let directory = Directory::new("rotation");
    let key = directory.key();
    let configs = directory.write("configs", &format!("0:0a01:8:{key}\n"), 0o644);
    let source = Arc::new(Source::open(&configs).unwrap());
    let mut generator = Generator::new(source.clone()).unwrap();
    let old = source.mint().unwrap();
    assert_eq!(
        (old.len(), source.cid_len(), source.len_of(old[0])),
        (11, 11, Some(11))
    );
    assert_eq!(source.len_of(0x20), None);
    assert_eq!(source.check(&old), State::Current);
    directory.write("configs", &format!("0:0a01:8:{key}\n1:0b01:4\n"), 0o644);
    assert!(source.reload().unwrap());
    assert!(!source.reload().unwrap());
    assert_eq!(source.check(&old), State::Old);
    assert_eq!(source.check(b""), State::Foreign);
    assert_eq!(generator.mint().unwrap()[1..3], [0x0b, 0x01]);
    directory.write("configs", "9:0b01:4\n", 0o644);
    let error = source.reload().unwrap_err().to_string();
    assert!(
        error.ends_with("configs:1: config ID must be 0 to 6"),
        "{error}"
    );
    assert_eq!(source.mint().unwrap().len(), 7);
}

#[test]
fn tokens() {
    let directory = Directory::new("tokens");
    let source = Source::open(format!("0:0a01:8:{}", directory.key())).unwrap();
    let cid = source.mint().unwrap();
    assert!(source.reset_token(&cid).is_err());
    assert!(source.set_reset_secret(&[0; 15]).is_err());
    source.set_reset_secret(&[0; 16]).unwrap();
    let other = Source::open(format!("0:0a01:8:{}", directory.key())).unwrap();
    other.set_reset_secret(&[0; 16]).unwrap();
    assert_eq!(source.reset_token(&cid), other.reset_token(&cid));
}

#[test]
fn state() {
    let directory = Directory::new("state");
    let source = Source::open(format!("0:0a01:4:{}", directory.key())).unwrap();
    source.use_state(directory.0.join("state")).unwrap();
    assert!(source.use_state(directory.0.join("state")).is_err());
    assert!(directory.0.join("state").exists());
    assert_eq!(source.nonces_left(), 1 << 32);
}

#[test]
fn refusals() {
    let directory = Directory::new("refusals");
    let error = Source::open("0:0a01:3").err().unwrap();
    assert_eq!(error.errno(), 22);
    assert_eq!(error.to_string(), "nonce length must be 4 to 18");
    let key = directory.write("open", KEY, 0o644);
    let error = Source::open(format!("0:0a01:8:{}", key.display()))
        .err()
        .unwrap();
    assert_eq!(error.errno(), 13);
    assert!(error.to_string().contains("everybody may use this key"));
    assert!(Source::open("0:0a01:8\0").is_err());
    assert!(Config::new(7, 2, 8, false, None).is_err());
    assert!(Config::new(0, (1 << 32) + 2, 8, false, None).is_err());
    let config = Config::new(0, 2, 8, false, None).unwrap();
    assert!(config.encode(&[0; 2], &[0; 7], 0).is_err());
    assert!(mint_unroutable(5).is_err());
    assert!(mint_unroutable(21).is_err());
    assert_eq!(mint_unroutable(8).unwrap()[0], 0xe7);
}

#[cfg(feature = "quinn")]
mod quinn {
    use super::*;
    use quinn_proto::ConnectionId;
    use std::time::Duration;

    #[test]
    fn generator() {
        let directory = Directory::new("quinn");
        let configs = directory.write("configs", "0:0a01:8\n", 0o644);
        let source = Arc::new(Source::open(&configs).unwrap());
        let factory = quiclb::quinn::factory(source.clone(), Some(Duration::from_secs(60)));
        let mut generator = factory();
        assert_eq!(generator.cid_len(), 11);
        assert_eq!(generator.cid_lifetime(), Some(Duration::from_secs(60)));
        let old = generator.generate_cid();
        assert_eq!(old[1..3], [0x0a, 0x01]);
        assert!(generator.validate(&old).is_ok());
        assert!(generator.validate(&ConnectionId::new(&[0; 11])).is_err());
        assert!(generator.validate(&ConnectionId::new(&[0x20; 11])).is_ok());
        directory.write("configs", "0:0a01:8\n1:0a02:8\n", 0o644);
        source.reload().unwrap();
        assert_eq!(generator.generate_cid()[1..3], [0x0a, 0x02]);
        assert!(generator.validate(&old).is_ok());
        // of another length: CIDs without config
        directory.write("configs", "2:0a01:9\n", 0o644);
        source.reload().unwrap();
        let cid = generator.generate_cid();
        assert_eq!((cid.len(), cid[0]), (11, 0xea));
    }
}
