//! A stream to the visualiser that sends Reports encoded beforehand.

use anyhow::{Context, Result};
use axonscope_proto::v1::Report;
use bytes::{Buf, BufMut, Bytes};
use prost::Message;
use tokio::sync::mpsc;
use tokio_stream::StreamExt;
use tokio_stream::wrappers::ReceiverStream;
use tonic::Status;
use tonic::client::Grpc;
use tonic::codec::{Codec, DecodeBuf, Decoder, EncodeBuf, Encoder};
use tonic::codegen::http::uri::PathAndQuery;
use tonic::transport::Endpoint;

/// The open stream of one program.
pub(crate) struct Feed {
    reports: mpsc::Sender<Bytes>,
    stream: tokio::task::JoinHandle<Result<(), Status>>,
}

impl Feed {
    /// Dials; what the visualiser asks for is read and ignored.
    pub(crate) async fn open(url: &str) -> Result<Self> {
        let channel = Endpoint::from_shared(url.to_owned())?.connect().await?;
        let (reports, queue) = mpsc::channel(16);
        let stream = tokio::spawn(async move {
            let mut grpc = Grpc::new(channel);
            grpc.ready().await.map_err(|error| Status::unavailable(error.to_string()))?;
            let path = PathAndQuery::from_static("/axonscope.v1.Visualiser/Observe");
            let answer = grpc.streaming(tonic::Request::new(ReceiverStream::new(queue)), path, Raw).await?;
            let mut requests = answer.into_inner();
            while let Some(request) = requests.next().await {
                request?;
            }
            Ok(())
        });
        Ok(Self { reports, stream })
    }

    /// Sends one Report, waiting while the visualiser is busy.
    pub(crate) async fn send(&mut self, report: Bytes) -> Result<()> {
        if self.reports.send(report).await.is_ok() {
            return Ok(());
        }
        (&mut self.stream).await?.context("the visualiser ended the stream")?;
        anyhow::bail!("the visualiser ended the stream without a word")
    }
}

/// `report` as it goes over the wire.
pub(crate) fn encode(report: &Report) -> Bytes {
    report.encode_to_vec().into()
}

/// Bytes in, bytes out.
struct Raw;

impl Codec for Raw {
    type Encode = Bytes;
    type Decode = Bytes;
    type Encoder = Self;
    type Decoder = Self;

    fn encoder(&mut self) -> Self {
        Raw
    }

    fn decoder(&mut self) -> Self {
        Raw
    }
}

impl Encoder for Raw {
    type Item = Bytes;
    type Error = Status;

    fn encode(&mut self, item: Bytes, out: &mut EncodeBuf<'_>) -> Result<(), Status> {
        out.put(item);
        Ok(())
    }
}

impl Decoder for Raw {
    type Item = Bytes;
    type Error = Status;

    fn decode(&mut self, encoded: &mut DecodeBuf<'_>) -> Result<Option<Bytes>, Status> {
        Ok(Some(encoded.copy_to_bytes(encoded.remaining())))
    }
}
