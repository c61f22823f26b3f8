//! The sample report of the original design, from a hand-made recording, through the binary.

use std::process::Command;

use crate::support::{HandMade, Made};
use recording::vocabulary::ErrorClass::Refused;
use recording::vocabulary::Path;

/// One path: successes before 100 s and after `back`, all of the same response time, failures between.
fn path(
    made: HandMade,
    back: f64,
    response: f64,
    after: [(f64, usize); 3],
    failures: [usize; 3],
) -> HandMade {
    let names = ["user_list", "create_order", "place_order"];
    let before = [(0.25, 400), (0.7, 139), (1.7, 57)];
    let mut made = made;
    for index in 0..3 {
        let (every, count) = before[index];
        let first = 100.0 - every * (count - 1) as f64;
        made = made.steady(names[index], first, every, count, response);
        let (every, count) = after[index];
        made = made.steady(names[index], back, every, count, response);
        for failure in 0..failures[index] {
            let at = 100.1 + (back - 100.2) * failure as f64 / failures[index] as f64;
            made = made.failed(names[index], at, at + 0.05, Refused);
        }
    }
    made
}

/// 1,250 operations on the direct path with 12.3 s of downtime, 1,180 through the proxy with 3.1 s.
///
/// One of the 125 direct transactions still runs at the end. Of 118 transactions 115 succeeded (97.5 %), of 124 finished ones
/// 117 (94.4 %): 3.3 % more, as the sample says.
fn sample() -> Made {
    let direct = HandMade::new(300.0).on(Path::Direct);
    let direct = path(
        direct,
        112.3,
        0.045,
        [(0.4, 458), (1.8, 100), (3.1, 60)],
        [17, 11, 7],
    );
    let direct = direct.unfinished("place_order", 299.97);
    let both = direct.on(Path::Proxy);
    path(
        both,
        103.1,
        0.052,
        [(0.45, 419), (2.0, 93), (3.3, 58)],
        [7, 4, 3],
    )
    .write()
}

fn report(made: &Made, arguments: &[&str]) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_analyze"))
        .arg("report")
        .arg(&made.folder)
        .args(arguments)
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    assert!(output.stderr.is_empty());
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn the_originals_sample_in_chinese() {
    let text = report(&sample(), &["--lang", "zh"]);
    let lines: Vec<&str> = text.lines().map(str::trim_end).collect();
    for line in [
        "业务场景测试结果对比报告",
        "测试配置:",
        "- 持续时间: 300秒",
        "- 并发线程: 3",
        "- 操作权重: 读70% 写20% 事务10%",
        "Direct 连接结果:",
        "- 总操作数: 1,250",
        "- 总体成功率: 97.2%",
        "- 读操作: 875 (成功率: 98.1%)",
        "- 写操作: 250 (成功率: 95.6%)",
        "- 事务操作: 125 (成功率: 94.4%)",
        "- 平均响应时间: 0.045秒",
        "- 检测停机时间: 12.3秒",
        "Proxy 连接结果:",
        "- 总操作数: 1,180",
        "- 总体成功率: 98.8%",
        "- 读操作: 826 (成功率: 99.2%)",
        "- 写操作: 236 (成功率: 98.3%)",
        "- 事务操作: 118 (成功率: 97.5%)",
        "- 平均响应时间: 0.052秒",
        "- 检测停机时间: 3.1秒",
        "性能对比:",
        "- Proxy 停机时间减少: 74.8%",
        "- Proxy 事务成功率提升: 3.3%",
        "- Proxy 平均响应时间增加: 15.6%",
    ] {
        assert!(
            lines
                .iter()
                .any(|found| *found == line || found.starts_with(&format!("{line} "))),
            "{line} is missing in\n{text}"
        );
    }
}

#[test]
fn the_originals_sample_in_english_and_json() {
    let made = sample();
    let text = report(&made, &[]);
    for figure in [
        "1,250", "97.20 %", "12.30 s", "3.10 s", "-74.8 %", "+3.3 %", "+3.1 pp", "+15.6 %",
    ] {
        assert!(text.contains(figure), "{figure} is missing in\n{text}");
    }
    let json: serde_json::Value = serde_json::from_str(&report(&made, &["--json"])).unwrap();
    assert_eq!(json["paths"][0]["headline"]["downtime_us"], 12_300_000);
    assert_eq!(json["paths"][1]["headline"]["downtime_us"], 3_100_000);
    assert_eq!(json["paths"][0]["overall"]["total"], 1_250);
    assert_eq!(json["paths"][0]["overall"]["response"]["mean_us"], 45_000.0);
}
