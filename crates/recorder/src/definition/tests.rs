use recording::Weights;

use super::*;
use crate::definition::model::{Parameter, TargetValues};

fn refused(text: &str) -> String {
    checks::read("w.toml", text).unwrap_err().to_string()
}

/// A workload of one operation, `more` in it.
fn one(more: &str, sql: &str, rest: &str) -> String {
    format!(
        "name = \"w\"\n[keys]\nids = \"SELECT id FROM t\"\n[[operation]]\nname = \"a\"\ntype = \"write\"\nweight = 1\n{more}\n[[operation.statement]]\nsql = \"{sql}\"\n{rest}\n"
    )
}

#[test]
fn the_shop_is_a_workload() {
    let shop = checks::read("sql/shop.toml", SHOP).unwrap();
    assert_eq!(shop.operations.len(), 10);
    assert_eq!(
        shop.weights(),
        Weights {
            read: 70.0,
            write: 20.0,
            transaction: 10.0
        }
    );
    assert!(shop.is_shop() && shop.record().is_none());
    // A purchase has 4 statements, BEGIN and COMMIT.
    assert!((shop.round_trips() - (0.9 + 0.1 * 6.0)).abs() < 1e-9);
    let names: Vec<&str> = shop.keys.iter().map(|query| query.name.as_str()).collect();
    assert_eq!(names, ["products", "users"]);
    let place_order = &shop.operations[9];
    assert_eq!(
        place_order.identity,
        ["business_orders.order_number", "business_logs.details"]
    );
    let has_all = place_order.target;
    assert!(
        has_all.user_id.is_some() && has_all.product_id.is_some() && has_all.quantity.is_some()
    );
    // A read changes nothing that an audit looks for.
    assert_eq!(shop.operations[3].target, TargetValues::default());
    assert_eq!(BUILT_IN.operations.len(), 10);
}

/// What is added to the operation, its statement, what is added to that, and where and what is wrong.
const WRONG: &[(&str, &str, &str, &str)] = &[
    (
        "",
        "DELETE FROM t;",
        "",
        "10:7: a statement has no semicolon at its end",
    ),
    (
        "",
        "DELETE FROM t; DELETE FROM u",
        "",
        "10:7: two statements in one",
    ),
    ("", "CALL f()", "", "10:7: a statement begins with SELECT"),
    (
        "",
        "UPDATE t SET a = $1",
        "",
        "10:7: 0 parameters, and $1 is in the statement",
    ),
    (
        "",
        "UPDATE t SET a = 1",
        "parameters = [\"id\"]",
        "10:7: 1 parameter, and $1 is not in the statement",
    ),
    (
        "",
        "UPDATE t SET a = 1",
        "expect = \"row\"",
        "11:10: unknown word `row`, wanted `rows`",
    ),
    (
        "",
        "UPDATE t SET a = 1",
        "[[operation.statement]]\nsql = \"SELECT 1\"",
        "6:8: a write has one statement",
    ),
    ("weight = 2", "UPDATE t SET a = 1", "", "8:1: duplicate key"),
    (
        "identity = [\"t.a\"]",
        "UPDATE t SET a = 1",
        "",
        "8:13: an identity is for a write",
    ),
    (
        "identity = [\"a\"]\n[operation.values]\nid = \"identity\"",
        "INSERT INTO t VALUES ($1)",
        "parameters = [\"id\"]",
        "8:13: an identity's column is written table.column",
    ),
    (
        "[operation.values]\nid = { keys = \"ids\" }",
        "UPDATE t SET a = $1",
        "parameters = [\"ids\"]",
        "12:15: no value of this operation, nor result of a statement before, is called \"ids\"",
    ),
    (
        "[operation.values]\nid = { keys = \"id\" }",
        "UPDATE t SET a = 1",
        "",
        "9:6: no keys are called \"id\"",
    ),
    (
        "[operation.values]\nid = { uniform = [2, 1] }",
        "UPDATE t SET a = 1",
        "",
        "9:6: write the least and the greatest",
    ),
    (
        "[operation.values]\nid = { uniform = 2 }",
        "UPDATE t SET a = 1",
        "",
        "9:18: found integer `2`, wanted a list",
    ),
    (
        "[operation.values]\nid = { choice = [] }",
        "UPDATE t SET a = 1",
        "",
        "9:6: a choice of nothing",
    ),
    (
        "[operation.values]\nid = { zipf = { to = 0, exponent = 1 } }",
        "UPDATE t SET a = 1",
        "",
        "9:6: zipf draws from 1",
    ),
    (
        "[operation.values]\nid = { timestamp = [\"1w\", \"0s\"] }",
        "UPDATE t SET a = 1",
        "",
        "9:6: 1w: \"1w\" is not a duration",
    ),
    (
        "identity = [\"t.a\"]\n[operation.values]\nid = \"identity\"",
        "UPDATE t SET a = $1",
        "parameters = [\"id\"]",
        "8:13: the identity must be in a row of its own",
    ),
    (
        "identity = [\"t.a\", \"t.a\"]\n[operation.values]\nid = \"identity\"",
        "/* one */ INSERT INTO t VALUES ($1)",
        "parameters = [\"id\"]",
        "8:20: this column is named already",
    ),
    (
        "",
        "UPDATE t SET a = 'x",
        "",
        "10:7: a quote or a comment that does not end: 'x",
    ),
    (
        "",
        "UPDATE t SET a = 1 /* one",
        "",
        "10:7: a quote or a comment that does not end: /* one",
    ),
    ("", "-- nothing", "", "10:7: no statement"),
    (
        "",
        "UPDATE t SET a = '\\u0000'",
        "",
        "10:7: a statement has no NUL",
    ),
    (
        "[operation.values]\nid = { uniform = [1, 2, 3] }",
        "UPDATE t SET a = 1",
        "",
        "9:6: write the least and the greatest: [1, 10]",
    ),
    (
        "[operation.values]\nid = { text = [2, 1] }",
        "UPDATE t SET a = 1",
        "",
        "9:6: write the least and the greatest length",
    ),
    (
        "[operation.values]\nid = { uniform = [1, 2], text = [1, 2] }",
        "UPDATE t SET a = 1",
        "",
        "9:6: write one kind of value",
    ),
    (
        "[operation.values]\nid = 1",
        "UPDATE t SET a = 1",
        "",
        "9:6: write a kind of value",
    ),
    (
        "[operation.values]\nid = { choice = [[1]] }",
        "UPDATE t SET a = 1",
        "",
        "9:17: a choice is of texts",
    ),
    (
        "[operation.values]\nid = { sequence = 9223372036854775800 }",
        "UPDATE t SET a = 1",
        "",
        "9:6: a sequence begins with 4611686018427387903 at most",
    ),
    (
        "[operation.values]\nid = { timestamp = [\"-400000d\", \"0s\"] }",
        "UPDATE t SET a = 1",
        "",
        "9:6: -400000d: write a whole number of days, up to 365000d",
    ),
    (
        "[operation.values]\nid = { timestamp = [\"0s\", \"-1d\"] }",
        "UPDATE t SET a = 1",
        "",
        "9:6: write the earliest and the latest time",
    ),
    (
        "[operation.values]\nid = \"guid\"",
        "UPDATE t SET a = 1",
        "",
        "9:6: unknown word `guid`, wanted one of `identity`, `uuid`, `ip`, `keys`, `zipf_keys`, `uniform`, `zipf`, `sequence`, `choice`",
    ),
    (
        "map_f64 = 1",
        "UPDATE t SET a = 1",
        "",
        "8:1: unknown key `map_f64`, wanted one of `name`, `type`",
    ),
];

/// Each with its line, its column and what to do.
#[test]
fn what_is_wrong_is_named_with_its_place() {
    let wrong = WRONG
        .iter()
        .map(|(more, sql, rest, expected)| (one(more, sql, rest), *expected));
    let read = one("", "DELETE FROM t", "").replace("\"write\"", "\"read\"");
    let huge = one("", "DELETE FROM t", "").replace("weight = 1", "weight = 1e308");
    let again = huge
        .split_once("[[operation]]")
        .unwrap()
        .1
        .replace("\"a\"", "\"b\"");
    let huge = format!("{huge}[[operation]]{again}");
    let negative = one("", "DELETE FROM t", "").replace("weight = 1", "weight = -1");
    let files = [
        (String::new(), "1:1: missing key `name`"),
        (
            "name = \"w\"\nnmae = 1".to_owned(),
            "2:1: unknown key `nmae`",
        ),
        (
            "name = \"w\"\noperation = []".to_owned(),
            "2:13: no operation has a weight",
        ),
        (
            "name = \"w w\"\noperation = []".to_owned(),
            "1:8: a name has 1 to 63",
        ),
        (read, "10:7: a read does not DELETE"),
        (
            "name = \"w\"\nsetup = [\"COMMIT\"]\noperation = []".to_owned(),
            "2:10: the set-up is one transaction already: leave COMMIT out",
        ),
        (
            "name = \"w\"\nsetup = [\"SELECT 1; SELECT 2;\"]\noperation = []".to_owned(),
            "2:10: two statements in one",
        ),
        (
            "name = \"w\"\nsetup = [\" \"]\noperation = []".to_owned(),
            "2:10: no statement",
        ),
        (huge, "4:1: the weights are too large"),
        (negative, "7:10: a weight is 0 or a positive number"),
    ];
    for (text, expected) in wrong.chain(files) {
        let refused = refused(&text);
        let place = format!("w.toml:{expected}");
        assert!(
            refused.starts_with(&place),
            "{refused}\n  expected: {place}"
        );
        assert_eq!(refused.lines().count(), 1, "{refused}");
    }
}

#[test]
fn a_result_feeds_the_statements_after_it() {
    let text = one(
        "[operation.values]\nid = { sequence = 1 }",
        "SELECT a AS b FROM t WHERE id = $1 -- $2 and 'x' are no parameters",
        "parameters = [\"id\"]\nresults = [\"b\"]\n[[operation.statement]]\nsql = \"UPDATE t SET a = $2 WHERE id = $1\"\nparameters = [\"id\", \"b\"]",
    )
    .replace("\"write\"", "\"transaction\"");
    let workload = checks::read("w.toml", &text).unwrap();
    let steps = &workload.operations[0].steps;
    assert_eq!(steps[0].parameters, [Parameter::Value(0)]);
    assert_eq!(
        steps[1].parameters,
        [Parameter::Value(0), Parameter::Result(0)]
    );
    assert!(steps[0].is_query && !steps[1].is_query);
    let early = text.replace("parameters = [\"id\"]\n", "parameters = [\"b\"]\n");
    assert!(refused(&early).contains("is called \"b\""));
}

proptest::proptest! {
    #[test]
    fn garbage_is_refused_in_one_line(text in "([\\[\\]={}\"',#\n$;.0-9a-z ]|name|operation|type|weight|\\PC){0,80}") {
        if let Err(error) = checks::read("w.toml", &text) {
            proptest::prop_assert_eq!(error.to_string().lines().count(), 1);
        }
    }

    #[test]
    fn half_of_the_shop_never_panics(cut in 0..SHOP.len(), more in "\\PC{0,10}") {
        let cut = (0..=cut).rev().find(|at| SHOP.is_char_boundary(*at)).unwrap_or(0);
        let _ = checks::read("w.toml", &format!("{}{more}", &SHOP[..cut]));
    }
}
