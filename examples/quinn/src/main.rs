// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause

//! quinn serves a directory over HTTP/3 behind a director.
//!
//! ```text
//! quiclb-quinn [--retry] VIP:443 0:0a01:8:/etc/quiclb.key cert.pem key.pem /srv/www
//! ```

use std::error::Error;
use std::fs::File;
use std::io::BufReader;
use std::net::{SocketAddr, UdpSocket};
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{Response, StatusCode};
use quinn::crypto::rustls::QuicServerConfig;
use tokio::signal::unix::{signal, SignalKind};

type Result<T> = std::result::Result<T, Box<dyn Error + Send + Sync>>;

/// Clients have CIDs of a new config after so long.
const CID_LIFETIME: Duration = Duration::from_secs(600);

fn server_config(cert: &str, key: &str) -> Result<quinn::ServerConfig> {
    let certs = rustls_pemfile::certs(&mut BufReader::new(File::open(cert)?))
        .collect::<std::result::Result<Vec<_>, _>>()?;
    let key = rustls_pemfile::private_key(&mut BufReader::new(File::open(key)?))?
        .ok_or_else(|| format!("{key}: there is no private key"))?;
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut tls = rustls::ServerConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&rustls::version::TLS13])?
        .with_no_client_auth()
        .with_single_cert(certs, key)?;
    tls.alpn_protocols = vec![b"h3".to_vec()];
    let quic = QuicServerConfig::try_from(tls)?;
    Ok(quinn::ServerConfig::with_crypto(Arc::new(quic)))
}

/// All CIDs come from the source: the first one, those in NEW_CONNECTION_ID frames, and a Retry's.
fn endpoint(
    address: SocketAddr,
    source: &Arc<quiclb::Source>,
    server: quinn::ServerConfig,
) -> Result<quinn::Endpoint> {
    let mut config = quinn::EndpointConfig::default();
    config.cid_generator(quiclb::quinn::factory(source.clone(), Some(CID_LIFETIME)));
    let socket = UdpSocket::bind(address)?;
    let runtime = Arc::new(quinn::TokioRuntime);
    Ok(quinn::Endpoint::new(config, Some(server), socket, runtime)?)
}

/// To rotate, append a line to the file of configs, and send SIGHUP.
async fn reload_on_hangup(source: Arc<quiclb::Source>) -> Result<()> {
    let mut hangup = signal(SignalKind::hangup())?;
    while hangup.recv().await.is_some() {
        if let Err(error) = source.reload() {
            eprintln!("{error}");
        }
    }
    Ok(())
}

/// The file below the root, or none if the path leaves it.
fn file_of(root: &Path, path: &str) -> Option<PathBuf> {
    let path = Path::new(path.trim_start_matches('/'));
    path.components()
        .all(|part| matches!(part, Component::Normal(_)))
        .then(|| root.join(path))
}

async fn serve(incoming: quinn::Incoming, root: Arc<PathBuf>) -> Result<()> {
    let quic = h3_quinn::Connection::new(incoming.await?);
    let mut connection = h3::server::Connection::<_, Bytes>::new(quic).await?;
    while let Some((request, mut stream)) = connection.accept().await? {
        let body = match file_of(&root, request.uri().path()) {
            Some(file) => tokio::fs::read(file).await.ok(),
            None => None,
        };
        let status = match body {
            Some(_) => StatusCode::OK,
            None => StatusCode::NOT_FOUND,
        };
        tokio::spawn(async move {
            let head = Response::builder().status(status).body(())?;
            stream.send_response(head).await?;
            stream.send_data(body.unwrap_or_default().into()).await?;
            stream.finish().await?;
            Result::Ok(())
        });
    }
    Ok(())
}

async fn accept(endpoint: quinn::Endpoint, retry: bool, root: Arc<PathBuf>) -> Result<()> {
    while let Some(incoming) = endpoint.accept().await {
        if retry && !incoming.remote_address_validated() {
            incoming.retry()?;
            continue;
        }
        let root = root.clone();
        tokio::spawn(async move {
            if let Err(error) = serve(incoming, root).await {
                eprintln!("{error}");
            }
        });
    }
    Ok(())
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<()> {
    let mut arguments: Vec<String> = std::env::args().skip(1).collect();
    let retry = arguments.first().is_some_and(|first| first == "--retry");
    if retry {
        arguments.remove(0);
    }
    let [address, configs, cert, key, root] = &arguments[..] else {
        return Err("usage: quiclb-quinn [--retry] VIP:PORT CONFIG CERT KEY DIRECTORY".into());
    };
    let address: SocketAddr = address.parse()?;
    if address.ip().is_unspecified() {
        return Err(format!("{address}: name the VIP, not the wildcard address").into());
    }
    let source = Arc::new(quiclb::Source::open(configs)?);
    let endpoint = endpoint(address, &source, server_config(cert, key)?)?;
    tokio::spawn(reload_on_hangup(source));
    accept(endpoint, retry, Arc::new(root.into())).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_below_the_root() {
        let root = Path::new("/srv/www");
        assert_eq!(file_of(root, "/a/b"), Some(root.join("a/b")));
        assert_eq!(file_of(root, "//etc/passwd"), Some(root.join("etc/passwd")));
        for path in ["/../etc/passwd", "/a/../../etc/passwd", "..", "/."] {
            assert_eq!(file_of(root, path), None, "{path}");
        }
    }
}
