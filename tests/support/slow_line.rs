//! A slow connection between a client and a server.

use std::time::Instant;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpSocket};

use crate::TestServer;

/// How many bytes are read from the server at once.
const PIECE: usize = 4096;

/// Starts a proxy for one connection to the server. Limits the speed of data from the server, which must buffer the
/// rest. Returns the address of the proxy.
pub async fn slow_line(server: &TestServer, bytes_per_second: u32) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let tcp = TcpSocket::new_v4().unwrap();
    tcp.set_recv_buffer_size(4096).unwrap();
    let connected = tcp.connect(server.address().parse().unwrap()).await;
    tokio::spawn(async move {
        let (mut from_server, mut to_server) = connected.unwrap().into_split();
        let (mut from_client, mut to_client) = listener.accept().await.unwrap().0.into_split();
        let up = tokio::io::copy(&mut from_client, &mut to_server);
        let down = async move {
            let (began, mut carried, mut piece) = (Instant::now(), 0_u32, vec![0; PIECE]);
            while let Ok(read @ 1..) = from_server.read(&mut piece).await {
                to_client.write_all(&piece[..read]).await?;
                carried += u32::try_from(read).unwrap();
                let due = f64::from(carried) / f64::from(bytes_per_second);
                let ahead = due - began.elapsed().as_secs_f64();
                tokio::time::sleep(std::time::Duration::from_secs_f64(ahead.max(0.0))).await;
            }
            to_client.shutdown().await
        };
        // Errors are ignored: the client and the server both notice the end.
        let _ = tokio::join!(up, down);
    });
    address
}
