//! Where a line of a number begins in a log, or the first line of a moment. A moment costs about thirty
//! reads, however long the log is, since times rise in it; a number has to be counted up to.

use std::io::{self, Read, Seek, SeekFrom};
use std::time::Instant;

use jiff::civil::{Date, Time};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use crate::queries::logs::window::{At, read_window};
use crate::rundir::LogRecord;

/// How much is read at a time.
const BLOCK: usize = 1 << 20;

/// Which line is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Aim {
    /// The one of this number, from the place on at which the counting begins; 1 is the first.
    Line(u64),
    /// The first that was read at that moment or later.
    Moment(Timestamp),
}

/// What came of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Landing {
    /// It begins there.
    At(u64),
    /// The log has ended before.
    Beyond,
    /// The time was over: the line of this number, from that place on.
    NotYet { from: u64, left: u64 },
}

impl Aim {
    /// A number, an instant (RFC 3339), or a time of day in UTC: the first after the attempt `began`.
    pub(crate) fn parse(text: &str, began: Timestamp) -> Option<Self> {
        let text = text.trim();
        if let Ok(number) = text.parse::<u64>() {
            return (number > 0).then_some(Self::Line(number));
        }
        if let Ok(moment) = text.parse::<Timestamp>() {
            return Some(Self::Moment(moment));
        }
        let time: Time = text.parse().ok()?;
        let day = TimeZone::UTC.to_datetime(began).date();
        let moment = |day: Date| TimeZone::UTC.to_timestamp(day.to_datetime(time)).ok();
        let first = moment(day)?;
        // Whoever reads `04:10` from a line leaves out what follows: a minute that has begun is today's.
        let is_past = first.checked_add(SignedDuration::from_mins(1)).ok()? <= began;
        let chosen = if is_past {
            moment(day.tomorrow().ok()?)?
        } else {
            first
        };
        Some(Self::Moment(chosen))
    }
}

/// Looks for it, from the record on that begins at `from`.
///
/// # Errors
/// The file cannot be read.
pub(crate) fn jump(
    file: &mut (impl Read + Seek),
    aim: Aim,
    from: u64,
    until: Instant,
) -> io::Result<Landing> {
    match aim {
        Aim::Line(number) => to_line(file, number, from, until),
        Aim::Moment(moment) => to_moment(file, moment, from),
    }
}

fn to_moment(file: &mut (impl Read + Seek), moment: Timestamp, from: u64) -> io::Result<Landing> {
    // Records that begin before `low` are earlier, those that begin at `high` or behind it are not.
    let (mut low, mut high) = (from, file.seek(SeekFrom::End(0))?);
    let mut found = Landing::Beyond;
    while low < high {
        let middle = low + (high - low) / 2;
        let window = read_window(file, At::Offset(middle), true)?;
        let timed = window.records.iter().find_map(|record| {
            let at: Timestamp = record.at.parse().ok()?;
            Some((record.offset, at))
        });
        match timed {
            Some((offset, at)) if at < moment => low = offset + 1,
            Some((offset, _)) => {
                found = Landing::At(offset);
                high = middle;
            }
            None => high = middle,
        }
    }
    Ok(found)
}

fn to_line(file: &mut (impl Read + Seek), number: u64, from: u64, until: Instant) -> io::Result<Landing> {
    let mut left = number;
    let mut begin = from;
    file.seek(SeekFrom::Start(from))?;
    let mut rest: Vec<u8> = Vec::with_capacity(2 * BLOCK);
    let mut is_new = true;
    loop {
        let count = file.by_ref().take(BLOCK as u64).read_to_end(&mut rest)?;
        let mut passed = 0;
        for end in memchr::memchr_iter(b'\n', &rest) {
            if left == 1 && is_new {
                return Ok(Landing::At(begin + passed as u64));
            }
            is_new = ends_its_line(&rest[passed..end]);
            left -= u64::from(is_new);
            passed = end + 1;
        }
        rest.drain(..passed);
        begin += passed as u64;
        if count == 0 || rest.len() > 2 * BLOCK {
            let is_last = left == 1 && is_new && !rest.is_empty();
            return Ok(if is_last {
                Landing::At(begin)
            } else {
                Landing::Beyond
            });
        }
        // It goes on at a line's beginning.
        if is_new && Instant::now() >= until {
            return Ok(Landing::NotYet { from: begin, left });
        }
    }
}

/// Whether this record is a line, or the last piece of one.
fn ends_its_line(record: &[u8]) -> bool {
    // Ours have a time of thirty letters and a stream of six; so most need no more than a look.
    match record.get(30..40) {
        Some([b' ', _, _, _, _, _, _, b' ', flag, b' ']) => *flag != b'P',
        _ => LogRecord::parse(record).is_none_or(|record| record.whole),
    }
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;
    use std::time::Duration;

    use super::*;

    /// So many lines, a second apart, the first at 23:59:00; and where each begins.
    fn log(lines: usize, filler: usize) -> (Cursor<Vec<u8>>, Vec<u64>) {
        let first: Timestamp = "2026-11-25T23:59:00Z".parse().unwrap();
        let mut text = Vec::new();
        let mut offsets = Vec::new();
        for number in 0..lines {
            offsets.push(text.len() as u64);
            let at = first + SignedDuration::from_secs(i64::try_from(number).unwrap());
            let at = at.strftime("%Y-%m-%dT%H:%M:%S");
            if number % 7 == 3 {
                text.extend(format!("{at}.000000000Z stdout P the first half of\n").into_bytes());
            }
            let words = "x".repeat(filler);
            text.extend(format!("{at}.000000000Z stdout F {number} {words}\n").into_bytes());
        }
        (Cursor::new(text), offsets)
    }

    fn soon() -> Instant {
        Instant::now() + Duration::from_secs(60)
    }

    #[test]
    fn a_line_is_found_by_its_number_and_pieces_of_one_count_once() {
        for filler in [0, 2000] {
            let (mut file, offsets) = log(2000, filler);
            let mut look = |number| jump(&mut file, Aim::Line(number), 0, soon()).unwrap();
            for number in [1, 2, 4, 5, 1000, 2000] {
                let begins = offsets[usize::try_from(number).unwrap() - 1];
                assert_eq!(look(number), Landing::At(begins), "{number}");
            }
            assert_eq!(look(2001), Landing::Beyond);
            assert_eq!(look(u64::MAX), Landing::Beyond);
        }
    }

    #[test]
    fn counting_goes_on_where_its_time_was_over() {
        let (mut file, offsets) = log(3000, 2000);
        let (mut from, mut left, mut turns) = (0, 2900, 0);
        let found = loop {
            turns += 1;
            match jump(&mut file, Aim::Line(left), from, Instant::now()).unwrap() {
                Landing::NotYet {
                    from: place,
                    left: rest,
                } => (from, left) = (place, rest),
                found => break found,
            }
        };
        assert_eq!(found, Landing::At(offsets[2899]));
        assert!(turns > 2, "{turns}");
    }

    #[test]
    fn a_moment_is_found_without_reading_what_lies_before_it() {
        let (mut file, offsets) = log(3000, 100);
        let began = "2026-11-25T23:58:59.5Z".parse().unwrap();
        let mut look = |text: &str| {
            let aim = Aim::parse(text, began).unwrap();
            jump(&mut file, aim, 0, soon()).unwrap()
        };
        assert_eq!(look("2020-01-01T00:00:00Z"), Landing::At(0));
        assert_eq!(look("23:59"), Landing::At(0));
        assert_eq!(look("23:59:03"), Landing::At(offsets[3]));
        assert_eq!(look("2026-11-26T00:00:00.5Z"), Landing::At(offsets[61]));
        // After midnight, by the clock.
        assert_eq!(look("00:10:00"), Landing::At(offsets[660]));
        assert_eq!(look("23:00"), Landing::Beyond);
        assert_eq!(look("2027-01-01T00:00:00Z"), Landing::Beyond);
        let nothing = jump(&mut Cursor::new(Vec::new()), Aim::Line(1), 0, soon()).unwrap();
        assert_eq!(nothing, Landing::Beyond);
    }

    #[test]
    fn what_is_no_place_is_none() {
        let began = "2026-11-25T23:59:00Z".parse().unwrap();
        for wrong in ["", "0", "-1", "noon", "25:00", "1e3", "<b>"] {
            let aim = Aim::parse(wrong, began);
            assert_eq!(aim, None, "{wrong}");
        }
        assert_eq!(Aim::parse(" 12 ", began), Some(Aim::Line(12)));
    }
}
