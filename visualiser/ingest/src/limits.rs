//! How much the edge holds, and how long it waits.

use std::time::Duration;

use axonscope_proto::limits::CADENCE_DEFAULT;

/// What decoded Reports on their way to the model may take together. A stream whose Report does not fit is not read
/// until it does, which HTTP/2 passes on: the probe waits, and nothing is dropped.
pub const QUEUE_BYTES: usize = 8 * 1024 * 1024;

/// What a Report counts as at least, so that the number of waiting Reports is bounded too.
pub const SMALLEST_REPORT_BYTES: usize = 4 * 1024;

/// What may wait for one watching reader before it counts as lagging and gets a new snapshot instead.
pub const FEED_BYTES: usize = 8 * 1024 * 1024;

/// The shortest time between two snapshots for a lagging reader.
pub const FEED_RESTART: Duration = Duration::from_secs(1);

/// How long a stream may be open without a Hello.
pub const HELLO_DEADLINE: Duration = Duration::from_secs(10);

/// How long a connection may be quiet before it is asked whether it is still there.
pub const KEEPALIVE_INTERVAL: Duration = Duration::from_secs(5);

/// How long it has to answer that.
pub const KEEPALIVE_TIMEOUT: Duration = Duration::from_secs(10);

/// HTTP/2 flow control: what one stream, and one connection, may send before it is read. On a thin line all of this is on
/// its way, in front of the answers by which the two ends know that the other is alive; so it is not more than a good line
/// needs.
pub const STREAM_WINDOW_BYTES: u32 = 256 * 1024;

/// Of one connection.
pub const STREAMS_PER_CONNECTION: u32 = 128;

/// The largest answer a reader accepts: the layout of a million components.
pub const ANSWER_BYTES: usize = 64 * 1024 * 1024;

/// How often a probe is asked to tick while somebody watches its system.
pub const CADENCE_WATCHED: Duration = CADENCE_DEFAULT;

/// The same while nobody does.
pub const CADENCE_UNWATCHED: Duration = Duration::from_secs(1);

/// How many samples a second a tap asks for: as many as can be read.
pub const TAP_SAMPLES_PER_SECOND: u32 = 5;

/// How many bytes of a message a tap asks for.
pub const TAP_SAMPLE_BYTES: u32 = 512;
