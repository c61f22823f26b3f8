//! What the lab's steps say that a group of a path can't have been served in.

use lab::{FailoverKind, Step, StepKind};

use super::kinds::Kind;
use super::lanes::{Group, Lane, Path};
use super::samples::Span;

/// The outages of `lane` that a fault of this kind made; none where the lane was served all through it.
pub(crate) fn injected(kind: Kind, steps: &[Step], lane: Lane) -> Vec<Span> {
    match kind {
        Kind::Failover(kind) => of_the_lab(kind, steps, lane),
        // The writer crashes in place.
        Kind::SilentHost | Kind::PauseAtEdge => falls(steps),
        Kind::LostAnswers | Kind::LockTimeout | Kind::Revoke => broken(steps),
        Kind::DeadConnections | Kind::Pause => Vec::new(),
    }
}

/// How long an outage that begins there took to begin, microseconds: the step is noted when the last process is dead or frozen, and says how
/// long before it the first one got its signal.
pub(crate) fn beginning_us(steps: &[Step], outage: Span) -> i64 {
    let step = steps.iter().find(|step| step.time_us == outage.start_us);
    let beginning_ms = step.and_then(|step| {
        let (before, _) = step.detail.split_once(" ms from first signal to last")?;
        before.rsplit(' ').next()?.parse::<f64>().ok()
    });
    (beginning_ms.unwrap_or(0.0) * 1e3) as i64
}

/// The writer goes down and comes back in place.
pub(crate) fn comes_back(kind: Kind) -> bool {
    use FailoverKind::{Flap, Restart};
    matches!(
        kind,
        Kind::SilentHost | Kind::PauseAtEdge | Kind::Failover(Flap | Restart)
    )
}

/// Where a client may notice a fault of this kind though new clients are served.
pub(crate) fn disturbed(kind: Kind, steps: &[Step]) -> Vec<Span> {
    match kind {
        Kind::DeadConnections => broken(steps),
        _ => Vec::new(),
    }
}

/// What this bench broke and mended itself.
pub(crate) fn broken(steps: &[Step]) -> Vec<Span> {
    between(steps, &[StepKind::Broken], StepKind::Mended)
}

fn of_the_lab(kind: FailoverKind, steps: &[Step], lane: Lane) -> Vec<Span> {
    let Some(fault) = begin(kind, steps, lane) else {
        return Vec::new();
    };
    if matches!(kind, FailoverKind::Flap | FailoverKind::Restart) {
        return falls(steps);
    }
    let time = |of: StepKind| {
        let step = steps.iter().find(|step| step.step == of);
        step.map(|step| step.time_us)
    };
    let is_thawed_in_time = time(StepKind::Thawed).is_some() && time(StepKind::Promoted).is_none();
    let end = match (lane.path, lane.group) {
        _ if is_thawed_in_time => time(StepKind::Thawed),
        (Path::Proxy, _) if kind == FailoverKind::ProxyRestart => time(StepKind::ProxyStarted),
        (Path::Proxy, _) => time(StepKind::ProxyResumed),
        (Path::Direct, Group::Writer) => time(StepKind::DnsChanged),
        // Whichever answers first: the old writer as a reader, or the new one behind the name.
        (Path::Direct, Group::Read) => {
            let ends = [time(StepKind::ReturnedAsReader), time(StepKind::DnsChanged)];
            ends.into_iter().flatten().min()
        }
    };
    let span = end.map(|end_us| Span {
        start_us: fault,
        end_us,
    });
    span.into_iter().collect()
}

/// When the fault began for that lane; `None` where it never did.
fn begin(kind: FailoverKind, steps: &[Step], lane: Lane) -> Option<i64> {
    let is_direct = lane.path == Path::Direct;
    let first = match kind {
        FailoverKind::Slow => return None,
        FailoverKind::ProxyRestart if is_direct => return None,
        // Its first step is the proxy's PAUSE, which those who go past it don't notice.
        FailoverKind::Switchover if is_direct => {
            steps.iter().find(|step| step.step == StepKind::Stopping)
        }
        _ => steps.first(),
    };
    first.map(|step| step.time_us)
}

/// Down and up again, in place, any number of times.
fn falls(steps: &[Step]) -> Vec<Span> {
    let down = [StepKind::Crash, StepKind::Stopping];
    between(steps, &down, StepKind::Restarted)
}

fn between(steps: &[Step], begin: &[StepKind], end: StepKind) -> Vec<Span> {
    let mut spans = Vec::new();
    let mut begun = None;
    for step in steps {
        if begin.contains(&step.step) {
            begun = Some(step.time_us);
        } else if step.step == end {
            spans.extend(begun.take().map(|start_us| Span {
                start_us,
                end_us: step.time_us,
            }));
        }
    }
    spans
}

#[cfg(test)]
mod tests {
    use super::super::lanes::LANES;
    use super::*;

    fn steps(of: &[(i64, StepKind)]) -> Vec<Step> {
        let step = |&(time_us, step): &(i64, StepKind)| Step {
            time_us,
            step,
            detail: String::new(),
        };
        of.iter().map(step).collect()
    }

    /// From and to, in the order of the lanes: direct read, direct writer, proxy read, proxy writer.
    fn spans(kind: FailoverKind, of: &[(i64, StepKind)]) -> Vec<Vec<(i64, i64)>> {
        spans_of(Kind::Failover(kind), of)
    }

    fn spans_of(kind: Kind, of: &[(i64, StepKind)]) -> Vec<Vec<(i64, i64)>> {
        let steps = steps(of);
        let of_lane = |lane| {
            let spans = injected(kind, &steps, lane);
            let pairs = spans.iter().map(|span| (span.start_us, span.end_us));
            pairs.collect::<Vec<_>>()
        };
        LANES.into_iter().map(of_lane).collect()
    }

    #[test]
    fn each_lane_has_its_own_end() {
        let crash = [
            (10, StepKind::Crash),
            (12, StepKind::Detected),
            (20, StepKind::Promoted),
            (21, StepKind::ProxyResumed),
            (30, StepKind::ReturnedAsReader),
            (40, StepKind::DnsChanged),
        ];
        assert_eq!(
            spans(FailoverKind::Crash, &crash),
            [[(10, 30)], [(10, 40)], [(10, 21)], [(10, 21)]]
        );
        let switchover = [
            (10, StepKind::ProxyPaused),
            (11, StepKind::Stopping),
            (20, StepKind::ProxyResumed),
            (25, StepKind::DnsChanged),
            (30, StepKind::ReturnedAsReader),
        ];
        assert_eq!(
            spans(FailoverKind::Switchover, &switchover),
            [[(11, 25)], [(11, 25)], [(10, 20)], [(10, 20)]]
        );
    }

    #[test]
    fn what_stays_in_place() {
        let flap = [
            (10, StepKind::Crash),
            (20, StepKind::Restarted),
            (30, StepKind::Crash),
            (45, StepKind::Restarted),
        ];
        let both = vec![(10, 20), (30, 45)];
        assert_eq!(
            spans(FailoverKind::Flap, &flap),
            [both.clone(), both.clone(), both.clone(), both]
        );
        let proxy = [(10, StepKind::ProxyStopped), (20, StepKind::ProxyStarted)];
        assert_eq!(
            spans(FailoverKind::ProxyRestart, &proxy),
            [vec![], vec![], vec![(10, 20)], vec![(10, 20)]]
        );
        let slow = [(10, StepKind::Slowed), (20, StepKind::Restored)];
        assert!(spans(FailoverKind::Slow, &slow).iter().all(Vec::is_empty));
        let frozen = [(10, StepKind::Frozen), (14, StepKind::Thawed)];
        assert_eq!(spans(FailoverKind::Freeze, &frozen), vec![[(10, 14)]; 4]);
    }

    #[test]
    fn how_long_a_fault_took_to_begin() {
        let mut steps = steps(&[(10, StepKind::Crash), (20, StepKind::Restarted)]);
        let span = Span {
            start_us: 10,
            end_us: 20,
        };
        assert_eq!(beginning_us(&steps, span), 0);
        steps[0].detail =
            "writer a (127.0.0.2:1): 23 processes killed, 57.4 ms from first signal to last death"
                .to_owned();
        assert_eq!(beginning_us(&steps, span), 57_400);
    }

    #[test]
    fn what_the_bench_breaks_itself() {
        let refused = [(10, StepKind::Broken), (20, StepKind::Mended)];
        assert_eq!(spans_of(Kind::Revoke, &refused), vec![[(10, 20)]; 4]);
        let dead = spans_of(Kind::DeadConnections, &refused);
        assert!(dead.iter().all(Vec::is_empty));
        let disturbed = disturbed(Kind::DeadConnections, &steps(&refused));
        assert_eq!((disturbed[0].start_us, disturbed[0].end_us), (10, 20));
        let paused = [
            (10, StepKind::Crash),
            (15, StepKind::Broken),
            (20, StepKind::Restarted),
            (25, StepKind::Mended),
        ];
        assert_eq!(spans_of(Kind::PauseAtEdge, &paused), vec![[(10, 20)]; 4]);
        assert!(spans_of(Kind::Pause, &refused).iter().all(Vec::is_empty));
    }
}
