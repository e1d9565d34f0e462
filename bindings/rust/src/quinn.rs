// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause

//! Connection IDs for quinn 0.11: the first one, those in NEW_CONNECTION_ID frames, and a Retry's.
//!
//! ```ignore
//! let source = Arc::new(quiclb::Source::open("0:0a01:8:/etc/quiclb.key")?);
//! let mut config = quinn::EndpointConfig::default();
//! config.cid_generator(quiclb::quinn::factory(source, None));
//! ```

use std::sync::Arc;
use std::time::Duration;

use quinn_proto::{ConnectionId, ConnectionIdGenerator, InvalidCid};

use crate::{mint_unroutable, Generator, Source, State};

struct QuicLb {
    source: Arc<Source>,
    generator: Generator,
    len: usize,
    lifetime: Option<Duration>,
}

impl ConnectionIdGenerator for QuicLb {
    /// quinn has one length for all CIDs, and its trait no error. A CID without config is what a server
    /// without config uses, too: a director routes it by address.
    ///
    /// # Panics
    ///
    /// If the system gives no random numbers.
    fn generate_cid(&mut self) -> ConnectionId {
        let cid = match self.generator.mint() {
            Ok(cid) if cid.len() == self.len => cid,
            _ => mint_unroutable(self.len).expect("the system gives no random numbers"),
        };
        ConnectionId::new(&cid)
    }

    /// What is another server's gets no stateless reset, which its client would not believe. A CID of a
    /// config that is not there may be of one that was removed.
    fn validate(&self, cid: &ConnectionId) -> Result<(), InvalidCid> {
        let known = cid.first().and_then(|&octet| self.source.len_of(octet));
        match self.source.check(cid) {
            State::Foreign if known.is_some() => Err(InvalidCid),
            _ => Ok(()),
        }
    }

    fn cid_len(&self) -> usize {
        self.len
    }

    fn cid_lifetime(&self) -> Option<Duration> {
        self.lifetime
    }
}

/// For `EndpointConfig::cid_generator()`. With a lifetime, clients get new CIDs that often, and the old ones
/// are retired: after a [`Source::reload`], connections have CIDs of the new config after that time. New
/// configs must have CIDs of the same length; of another length, CIDs without config are used.
pub fn factory(
    source: Arc<Source>,
    lifetime: Option<Duration>,
) -> impl Fn() -> Box<dyn ConnectionIdGenerator> + Send + Sync + 'static {
    let len = source.cid_len();
    move || {
        Box::new(QuicLb {
            generator: Generator::new(source.clone()).expect("out of memory"),
            source: source.clone(),
            len,
            lifetime,
        })
    }
}
