use crate::config::{parse_schedule, render};
#[test]
fn show() {
    let bytes = include_bytes!("../../../../tests/fixtures/schedules/faults.yaml");
    let d = parse_schedule("faults.yaml", bytes).unwrap_err();
    for d in &d {
        println!("{}\n", render(d, false));
    }
    println!("{}", d.len());
}
