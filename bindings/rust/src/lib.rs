// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause

//! QUIC-LB connection IDs by libquiclb, for QUIC servers behind a director. See quiclb_source(3).
//!
//! ```no_run
//! let source = quiclb::Source::open("0:0a01:8:/etc/quiclb.key")?;
//! let cid = source.mint()?;
//! # Ok::<(), quiclb::Error>(())
//! ```
//!
//! With the feature `quinn` there is a generator for `quinn::EndpointConfig`, see [`quinn`].

use std::ffi::{CStr, CString};
use std::fmt;
use std::io;
use std::ops::Deref;
use std::os::raw::{c_char, c_int};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::ptr;
use std::sync::Arc;

#[cfg(feature = "quinn")]
pub mod quinn;
mod sys;

pub use sys::{CID_LEN_MAX, KEY_LEN, RESET_TOKEN_LEN};

/// A refusal, with the library's sentence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Error {
    errno: i32,
    sentence: String,
}

impl Error {
    /// A number of errno(3).
    pub fn errno(&self) -> i32 {
        self.errno
    }

    fn new(errno: i32, sentence: &str) -> Self {
        Self {
            errno,
            sentence: sentence.to_string(),
        }
    }

    /// Of a function that returned NULL and has set errno.
    fn last(sentence: &str) -> Self {
        Self::new(
            io::Error::last_os_error().raw_os_error().unwrap_or(0),
            sentence,
        )
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.sentence)
    }
}

impl std::error::Error for Error {}

impl From<Error> for io::Error {
    fn from(error: Error) -> Self {
        io::Error::new(
            io::Error::from_raw_os_error(error.errno).kind(),
            error.sentence,
        )
    }
}

/// What a function returned, or the errno that it returned negated.
fn check(result: c_int, sentence: Option<&str>) -> Result<c_int, Error> {
    if result >= 0 {
        return Ok(result);
    }
    match sentence {
        Some(sentence) => Err(Error::new(-result, sentence)),
        None => Err(Error::new(
            -result,
            &io::Error::from_raw_os_error(-result).to_string(),
        )),
    }
}

/// Room for a sentence of the library's.
struct Sentence([u8; sys::ERROR_LEN]);

impl Sentence {
    fn new() -> Self {
        Self([0; sys::ERROR_LEN])
    }

    fn room(&mut self) -> *mut c_char {
        self.0.as_mut_ptr().cast()
    }

    fn text(&self) -> String {
        let end = self.0.iter().position(|&octet| octet == 0);
        String::from_utf8_lossy(&self.0[..end.unwrap_or(0)]).into_owned()
    }
}

fn c_string(octets: &[u8]) -> Result<CString, Error> {
    CString::new(octets).map_err(|_| Error::new(EINVAL, "a path or a line has a NUL"))
}

const EINVAL: i32 = 22;
const ENOMEM: i32 = 12;

/// A connection ID; derefs to its octets.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Cid {
    octets: [u8; CID_LEN_MAX],
    len: usize,
}

impl Deref for Cid {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.octets[..self.len]
    }
}

impl fmt::Debug for Cid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.iter().try_for_each(|octet| write!(f, "{octet:02x}"))
    }
}

/// What a CID is to a source.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    Foreign,
    /// Of an earlier config: give the client another one and retire it.
    Old,
    Current,
}

/// A CID of 6 to 20 octets for a server without a config: a director routes it by address.
pub fn mint_unroutable(len: usize) -> Result<Cid, Error> {
    let mut octets = [0; CID_LEN_MAX];
    // SAFETY: the library refuses lengths of more than CID_LEN_MAX octets, which there is room for.
    check(
        unsafe { sys::quiclb_mint_unroutable(octets.as_mut_ptr(), len) },
        None,
    )?;
    Ok(Cid { octets, len })
}

/// One config, for tools: its CIDs are made of nonces that the caller chooses.
pub struct Config {
    handle: *mut sys::Config,
    server_id_len: usize,
    nonce_len: usize,
}

// SAFETY: quiclb.h says that a config may be shared by threads.
unsafe impl Send for Config {}
// SAFETY: as above.
unsafe impl Sync for Config {}

impl Config {
    pub fn new(
        id: u8,
        server_id_len: usize,
        nonce_len: usize,
        self_len: bool,
        key: Option<&[u8; KEY_LEN]>,
    ) -> Result<Self, Error> {
        let mut why = ptr::null();
        // The library refuses numbers above 18.
        let [server_id, nonce] = [server_id_len, nonce_len].map(|len| len.min(255) as u32);
        // SAFETY: the key is not kept; `why` becomes a string in static memory.
        let handle = unsafe {
            sys::quiclb_config_new(
                id.into(),
                server_id,
                nonce,
                if self_len { sys::F_SELF_LEN } else { 0 },
                key.map_or(ptr::null(), |key| key.as_ptr()),
                &mut why,
            )
        };
        if handle.is_null() {
            // SAFETY: set on failure.
            return Err(Error::last(
                &unsafe { CStr::from_ptr(why) }.to_string_lossy(),
            ));
        }
        Ok(Self {
            handle,
            server_id_len,
            nonce_len,
        })
    }

    /// With one key and one server ID, never use a nonce twice.
    pub fn encode(&self, server_id: &[u8], nonce: &[u8], random_bits: u8) -> Result<Cid, Error> {
        if (server_id.len(), nonce.len()) != (self.server_id_len, self.nonce_len) {
            return Err(Error::new(
                EINVAL,
                "server ID and nonce must have the config's lengths",
            ));
        }
        let mut octets = [0; CID_LEN_MAX];
        // SAFETY: the lengths are the config's.
        unsafe {
            sys::quiclb_encode(
                self.handle,
                server_id.as_ptr(),
                nonce.as_ptr(),
                random_bits,
                octets.as_mut_ptr(),
            )
        };
        Ok(Cid {
            octets,
            len: 1 + self.server_id_len + self.nonce_len,
        })
    }

    /// Server ID and nonce; an error for another config's CID and for one that is too short.
    pub fn decode(&self, cid: &[u8]) -> Result<(Vec<u8>, Vec<u8>), Error> {
        let mut server_id = vec![0; sys::SERVER_ID_LEN_MAX];
        let mut nonce = vec![0; sys::NONCE_LEN_MAX];
        // SAFETY: both have room for the longest.
        let result = unsafe {
            sys::quiclb_decode(
                self.handle,
                cid.as_ptr(),
                cid.len(),
                server_id.as_mut_ptr(),
                nonce.as_mut_ptr(),
            )
        };
        check(result, None)?;
        server_id.truncate(self.server_id_len);
        nonce.truncate(self.nonce_len);
        Ok((server_id, nonce))
    }
}

impl Drop for Config {
    fn drop(&mut self) {
        // SAFETY: the last use.
        unsafe { sys::quiclb_config_free(self.handle) }
    }
}

/// The configs of one server: the last line of a file mints, all of them decode.
pub struct Source {
    handle: *mut sys::Source,
}

// SAFETY: the library has a lock in each source.
unsafe impl Send for Source {}
// SAFETY: as above.
unsafe impl Sync for Source {}

impl Source {
    /// Reads `ID:SERVER-ID:NONCE-LENGTH[,self-len][:KEY-FILE]`, or a file of such lines.
    pub fn open(spec: impl AsRef<Path>) -> Result<Self, Error> {
        let spec = c_string(spec.as_ref().as_os_str().as_bytes())?;
        let mut sentence = Sentence::new();
        // SAFETY: both are C strings, the second one with the room that quiclb.h asks for.
        let handle = unsafe { sys::quiclb_source_open(spec.as_ptr(), sentence.room()) };
        if handle.is_null() {
            return Err(Error::last(&sentence.text()));
        }
        Ok(Self { handle })
    }

    /// Reads the files again; true if another config mints now. What there was stays after an error.
    pub fn reload(&self) -> Result<bool, Error> {
        let mut sentence = Sentence::new();
        // SAFETY: as in open().
        let result = unsafe { sys::quiclb_source_reload(self.handle, sentence.room()) };
        Ok(check(result, Some(&sentence.text()))? == 1)
    }

    /// Keeps nonces apart over restarts, by a file of this process alone.
    pub fn use_state(&self, path: impl AsRef<Path>) -> Result<(), Error> {
        let path = c_string(path.as_ref().as_os_str().as_bytes())?;
        let mut sentence = Sentence::new();
        // SAFETY: as in open().
        let result =
            unsafe { sys::quiclb_source_use_state(self.handle, path.as_ptr(), sentence.room()) };
        check(result, Some(&sentence.text()))?;
        Ok(())
    }

    pub fn mint(&self) -> Result<Cid, Error> {
        let mut octets = [0; CID_LEN_MAX];
        let mut len = 0;
        // SAFETY: there is room for the longest CID.
        let result = unsafe { sys::quiclb_source_mint(self.handle, octets.as_mut_ptr(), &mut len) };
        check(result, None)?;
        Ok(Cid { octets, len })
    }

    /// Octets of the CIDs that are minted now.
    pub fn cid_len(&self) -> usize {
        // SAFETY: the source is alive.
        unsafe { sys::quiclb_source_cid_len(self.handle) }
    }

    /// Octets of a CID with this first octet, or `None`.
    pub fn len_of(&self, first_octet: u8) -> Option<usize> {
        // SAFETY: the source is alive.
        let len = unsafe { sys::quiclb_source_len_of(self.handle, first_octet) };
        Some(len).filter(|&len| len > 0)
    }

    pub fn check(&self, cid: &[u8]) -> State {
        // SAFETY: no more than the CID is read.
        match unsafe { sys::quiclb_source_check(self.handle, cid.as_ptr(), cid.len()) } {
            0 => State::Foreign,
            1 => State::Old,
            _ => State::Current,
        }
    }

    pub fn nonces_left(&self) -> u64 {
        // SAFETY: the source is alive.
        unsafe { sys::quiclb_source_nonces_left(self.handle) }
    }

    /// 16 octets or more, of this server alone.
    pub fn set_reset_secret(&self, secret: &[u8]) -> Result<(), Error> {
        // SAFETY: no more than the secret is read, and it is not kept.
        let result = unsafe {
            sys::quiclb_source_set_reset_secret(self.handle, secret.as_ptr(), secret.len())
        };
        check(result, None).map(|_| ())
    }

    pub fn reset_token(&self, cid: &[u8]) -> Result<[u8; RESET_TOKEN_LEN], Error> {
        let mut token = [0; RESET_TOKEN_LEN];
        // SAFETY: no more than the CID is read, and the token has its length.
        let result = unsafe {
            sys::quiclb_source_reset_token(self.handle, cid.as_ptr(), cid.len(), token.as_mut_ptr())
        };
        check(result, None)?;
        Ok(token)
    }
}

impl Drop for Source {
    fn drop(&mut self) {
        // SAFETY: generators hold a reference to the source, so this is the last use.
        unsafe { sys::quiclb_source_free(self.handle) }
    }
}

/// One thread's share of a source. It follows reloads.
pub struct Generator {
    handle: *mut sys::Generator,
    _source: Arc<Source>,
}

// SAFETY: only one thread may use it at a time, which mint()'s &mut self asks for.
unsafe impl Send for Generator {}
// SAFETY: &Generator allows nothing.
unsafe impl Sync for Generator {}

impl Generator {
    pub fn new(source: Arc<Source>) -> Result<Self, Error> {
        // SAFETY: the source outlives the generator, which holds a reference to it.
        let handle = unsafe { sys::quiclb_generator_new(source.handle) };
        if handle.is_null() {
            return Err(Error::new(ENOMEM, "out of memory"));
        }
        Ok(Self {
            handle,
            _source: source,
        })
    }

    pub fn mint(&mut self) -> Result<Cid, Error> {
        let mut octets = [0; CID_LEN_MAX];
        let mut len = 0;
        // SAFETY: there is room for the longest CID.
        let result =
            unsafe { sys::quiclb_generator_mint(self.handle, octets.as_mut_ptr(), &mut len) };
        check(result, None)?;
        Ok(Cid { octets, len })
    }
}

impl Drop for Generator {
    fn drop(&mut self) {
        // SAFETY: the last use; the source still lives.
        unsafe { sys::quiclb_generator_free(self.handle) }
    }
}
