//! Something to play: a tune as samples, and the header that makes a WAV of them.

/// How many samples a second there are; each is one 16 bit number.
pub const SAMPLE_RATE: u32 = 22_050;
/// How many bytes that is.
pub const BYTE_RATE: u32 = SAMPLE_RATE * BYTES_PER_SAMPLE as u32;

const BYTES_PER_SAMPLE: u16 = 2;
const HEADER: u32 = 44;
/// A chord a line, as half tones above the A below middle C: A minor, F, C, G.
const CHORDS: [[i8; 4]; 4] = [[0, 7, 12, 15], [-4, 3, 8, 12], [3, 10, 15, 19], [-2, 5, 10, 14]];
/// The order in which the notes of a chord are played, one each time.
const ORDER: [usize; 8] = [0, 1, 2, 3, 2, 3, 2, 1];
const NOTE_SECS: f64 = 0.2;
const FADE_SECS: f64 = 0.1;
/// A note still sounds while so many others begin.
const RINGS_FOR: usize = 4;

/// The header of a WAV with `length` bytes of samples, or as many as there will be if that is more than it can say.
pub fn header(length: u32) -> [u8; HEADER as usize] {
    let mut header = [0; HEADER as usize];
    let fields: [&[u8]; 13] = [
        b"RIFF",
        // What follows this field.
        &length.saturating_add(HEADER - 8).to_le_bytes(),
        b"WAVE",
        b"fmt ",
        &16_u32.to_le_bytes(),
        // Uncompressed, one channel.
        &1_u16.to_le_bytes(),
        &1_u16.to_le_bytes(),
        &SAMPLE_RATE.to_le_bytes(),
        &BYTE_RATE.to_le_bytes(),
        &BYTES_PER_SAMPLE.to_le_bytes(),
        &(8 * BYTES_PER_SAMPLE).to_le_bytes(),
        b"data",
        &length.to_le_bytes(),
    ];
    for (place, byte) in header.iter_mut().zip(fields.concat()) {
        *place = byte;
    }
    header
}

/// Broken chords for so many seconds, as the bytes of their samples.
pub fn tune(seconds: u32) -> Vec<u8> {
    let samples = (0..seconds * SAMPLE_RATE).map(|sample| {
        let at_secs = f64::from(sample) / f64::from(SAMPLE_RATE);
        // Down to silence at the end, from which it may begin again.
        sound(at_secs) * ((f64::from(seconds) - at_secs) / FADE_SECS).min(1.0)
    });
    samples.flat_map(|sound| ((sound * f64::from(i16::MAX)) as i16).to_le_bytes()).collect()
}

/// Between -1 and 1.
fn sound(at_secs: f64) -> f64 {
    let latest = (at_secs / NOTE_SECS) as usize;
    let notes = (0..RINGS_FOR).filter_map(|before| latest.checked_sub(before));
    notes.map(|note| pluck(pitch_in_hertz(note), at_secs - note as f64 * NOTE_SECS)).sum::<f64>() / RINGS_FOR as f64
}

fn pitch_in_hertz(note: usize) -> f64 {
    let chord = CHORDS[note / (2 * ORDER.len()) % CHORDS.len()];
    220.0 * (f64::from(chord[ORDER[note % ORDER.len()]]) / 12.0).exp2()
}

/// A tone and its octave, which begin softly and fade.
fn pluck(hertz: f64, since_secs: f64) -> f64 {
    let turn = std::f64::consts::TAU * hertz * since_secs;
    let ends_in_secs = RINGS_FOR as f64 * NOTE_SECS - since_secs;
    let loudness = (-4.0 * since_secs).exp() * (since_secs / 0.01).min(1.0) * (ends_in_secs / 0.01).min(1.0);
    loudness * (0.75 * turn.sin() + 0.25 * (2.0 * turn).sin())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn the_header_says_what_follows() {
        let header = header(1000);
        let number = |at: usize| u32::from_le_bytes(header[at..at + 4].try_into().unwrap());
        assert_eq!((&header[..4], &header[8..16], &header[36..40]), (&b"RIFF"[..], &b"WAVEfmt "[..], &b"data"[..]));
        assert_eq!((number(4), number(16), number(24), number(28), number(40)), (1036, 16, 22_050, 44_100, 1000));
        assert_eq!(&header[20..24], [1, 0, 1, 0]);
        assert_eq!(&header[32..36], [2, 0, 16, 0]);
    }

    #[test]
    fn a_tune_is_as_long_as_was_asked_heard_and_without_a_click() {
        let tune = tune(14);
        assert_eq!(tune.len(), 14 * BYTE_RATE as usize);
        let samples: Vec<_> =
            tune.chunks_exact(2).map(|bytes| i32::from(i16::from_le_bytes([bytes[0], bytes[1]]))).collect();
        let loudest = samples.iter().map(|sample| sample.abs()).max().unwrap();
        assert!((5_000..30_000).contains(&loudest), "{loudest}");
        let steepest = samples.windows(2).map(|pair| (pair[1] - pair[0]).abs()).max().unwrap();
        assert!(steepest < 3_000, "{steepest}");
        assert!(samples[0].abs() < 300 && samples.last().unwrap().abs() < 300);
    }
}
