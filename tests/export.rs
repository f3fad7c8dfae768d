//! `looc-tui export`: charts and figures of a run's curves.

use assert_cmd::{Command, assert::Assert};
use looc::{
    config::Config,
    run::{Entry, RunDir},
};
use std::{fs, io::Cursor, path::Path};

const STEPS: u64 = 400;
const SPIKE: u64 = 217;

fn export(folder: &Path, arguments: &[&str]) -> Assert {
    Command::cargo_bin("looc-tui").unwrap().current_dir(folder).arg("export").args(arguments).assert()
}

fn stderr(assert: &Assert) -> String {
    String::from_utf8(assert.get_output().stderr.clone()).unwrap()
}

fn all(step: u64) -> f32 {
    match step {
        SPIKE => 50.0,
        90 => f32::INFINITY,
        91 => f32::NAN,
        _ => 1.0 + 4.0 / step as f32,
    }
}

/// A run whose head `color` rests from step 100 to 199.
fn run(folder: &Path, name: &str) {
    let config = Config::quickstart();
    let mut run = RunDir::create(&folder.join(name), &config.to_yaml(), &config.hash(), 0).unwrap();
    let start = Entry::Start {
        version: String::new(),
        build: None,
        steps: 780,
        compute: String::new(),
        threads: None,
        data: None,
    };
    run.journal().append(0, start).unwrap();
    for step in 1..=STEPS {
        let mut values = vec![("loss", 2.0), ("loss/all", all(step)), ("lr", 0.06)];
        if !(100..200).contains(&step) {
            values.push(("loss/color", 2.5 + (step % 7) as f32 * 0.1));
        }
        run.metrics().record(step, step as f64 * 0.5, values).unwrap();
        if step % 100 == 3 {
            // A measurement is logged some steps after the step that it is of.
            run.metrics().record(step - 3, step as f64 * 0.5, [("knn/shape, size", 0.5)]).unwrap();
        }
    }
    run.metrics().flush().unwrap();
    let edit = Entry::Edit {
        path: "augment.color.enabled".into(),
        from: "true".into(),
        to: "false".into(),
        revision: 1,
        config: String::new(),
    };
    run.journal().append(99, edit).unwrap();
}

fn with_run() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    run(folder.path(), "my run");
    folder
}

/// Header and rows, the comment apart.
fn table(text: &str) -> (String, Vec<&str>, Vec<Vec<&str>>) {
    let mut lines = text.lines();
    let comment = lines.next().unwrap().to_owned();
    let mut lines = lines.map(|line| line.split(',').collect::<Vec<_>>());
    (comment, lines.next().unwrap(), lines.collect())
}

fn decoded(bytes: &[u8]) -> (png::Info<'static>, Vec<u8>) {
    let mut reader = png::Decoder::new(Cursor::new(bytes)).read_info().unwrap();
    let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
    reader.next_frame(&mut pixels).unwrap();
    (reader.info().clone(), pixels)
}

/// Runs a command line as a shell would, without one.
fn again(folder: &Path, command: &str) -> Assert {
    let words = command.replace("'my run'", "my\u{1}run").replace("'other run'", "other\u{1}run");
    let words: Vec<String> = words.split(' ').map(|word| word.replace('\u{1}', " ")).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    assert_eq!(words[..2], ["looc-tui", "export"], "{command}");
    export(folder, &words[2..])
}

#[test]
fn a_table_has_every_figure_as_it_was_recorded() {
    let folder = with_run();
    export(folder.path(), &["my run", "--format", "csv"]).success().stdout("my-run-loss-1..400.csv\n");
    let text = fs::read_to_string(folder.path().join("my-run-loss-1..400.csv")).unwrap();
    let (comment, header, rows) = table(&text);
    let command = "# looc-tui export 'my run' --format csv --curves loss/ --from 1 --to 400";
    assert_eq!((&*comment, header), (command, vec!["step", "seconds", "loss/all", "loss/color"]));
    assert_eq!(rows.len(), STEPS as usize);
    for (row, step) in rows.iter().zip(1..) {
        assert_eq!([row[0], row[1]], [step.to_string(), (step as f64 * 0.5).to_string()]);
        let value: f32 = row[2].parse().unwrap();
        assert!(value == all(step) || value.is_nan() && all(step).is_nan(), "{row:?}");
        let rests = (100..200).contains(&step);
        assert_eq!(row[3].is_empty(), rests, "{row:?}");
        assert!(rests || row[3].parse::<f32>().unwrap() == 2.5 + (step % 7) as f32 * 0.1);
    }
    assert_eq!([rows[89][2], rows[90][2]], ["inf", "NaN"]);
}

#[test]
fn a_table_of_a_range_of_several_families_and_runs() {
    let folder = with_run();
    run(folder.path(), "other");
    let range = ["--from", "49.5", "--to", "51.5", "--x", "time", "--with", "other", "--out", "it.csv"];
    let tags =
        ["my run", "--format", "csv", "--curves", "knn/", "--curves", "lr", "--curves", "knn/shape, size"];
    export(folder.path(), &[&tags[..], &range].concat()).success();
    let text = fs::read_to_string(folder.path().join("it.csv")).unwrap();
    let mut lines = text.lines().skip(1);
    let header = "step,seconds,\"knn/shape, size\",lr,other:seconds,\"other:knn/shape, size\",other:lr";
    assert_eq!(lines.next(), Some(header));
    // The measurement of step 100 came at 51.5 s.
    assert_eq!(
        lines.collect::<Vec<_>>(),
        [
            "99,49.5,,0.06,49.5,,0.06",
            "100,51.5,0.5,0.06,51.5,0.5,0.06",
            "101,50.5,,0.06,50.5,,0.06",
            "102,51,,0.06,51,,0.06",
            "103,51.5,,0.06,51.5,,0.06"
        ]
    );
}

#[test]
fn a_vector_picture_has_words_curves_and_the_command_that_makes_it_again() {
    let folder = with_run();
    let arguments = ["my run", "--format", "svg", "--smooth", "0.9", "--log-y", "--out", "it.svg"];
    export(folder.path(), &arguments).success();
    let text = fs::read_to_string(folder.path().join("it.svg")).unwrap();
    for words in ["z0 all", "z1 color", "color off", "loss (nats)", "step", "my run", "not a number"] {
        assert!(text.contains(words), "{words}");
    }
    // Every element ends, and nothing stands outside of the first.
    let mut open: Vec<&str> = Vec::new();
    for tag in text.split('<').skip(1) {
        let (tag, _) = tag.split_once('>').unwrap();
        match tag.strip_prefix('/') {
            Some(name) => assert_eq!(open.pop(), Some(name)),
            None if tag.ends_with('/') => {}
            None => open.push(tag.split(' ').next().unwrap()),
        }
    }
    assert!(open.is_empty() && text.trim_end().ends_with("</svg>"));
    let command = text.split_once("<desc>").unwrap().1.split_once("</desc>").unwrap().0;
    let expected =
        "looc-tui export 'my run' --format svg --curves loss/ --from 1 --to 400 --smooth 0.9 --log-y";
    assert_eq!(command, expected);
    again(folder.path(), command).success().stdout("my-run-loss-1..400.svg\n");
    assert_eq!(fs::read_to_string(folder.path().join("my-run-loss-1..400.svg")).unwrap(), text);
}

#[test]
fn a_picture_shows_the_spike_the_gap_and_no_number() {
    let folder = with_run();
    run(folder.path(), "other run");
    let arguments = ["my run", "--format", "png", "--x", "epoch", "--with", "other run", "--out", "it.png"];
    export(folder.path(), &arguments).success();
    let bytes = fs::read(folder.path().join("it.png")).unwrap();
    let (info, pixels) = decoded(&bytes);
    assert_eq!((info.width, info.height), (1280, 720));
    // The two spaces' colours, as on the screen: columns of the picture that have them.
    let columns = |color: [u8; 3], rows: std::ops::Range<usize>| -> Vec<usize> {
        let has = |x: &usize| rows.clone().any(|y| pixels[(y * 1280 + x) * 3..][..3] == color);
        (93..1000).filter(has).collect()
    };
    let (blue, orange) = ([0, 114, 178], [230, 159, 0]);
    // In the upper half stands nothing of it but the cross and the spike, at its place.
    let upper = columns(blue, 146..400);
    let spike = upper.iter().filter(|x| **x > 400).collect::<Vec<_>>();
    assert!(!spike.is_empty() && spike.iter().all(|x| x.abs_diff(*spike[0]) <= 6), "{upper:?}");
    assert!(upper.iter().any(|x| *x < 400), "{upper:?}");
    let drawn = columns(orange, 400..655);
    let gap = drawn.windows(2).map(|two| two[1] - two[0]).max().unwrap();
    assert!((200..300).contains(&gap), "{gap} of the columns for 100 of 400 steps");
    let comment = &info.uncompressed_latin1_text[0];
    let command = "looc-tui export 'my run' --format png --curves loss/ --x epoch --epoch-steps 39 \
                   --from 0.02564102564102564 --to 10.256410256410257 --with 'other run'";
    assert_eq!((&*comment.keyword, &*comment.text), ("Comment", command));
    let name = "my-run-loss-0.026..10.256ep.png";
    again(folder.path(), command).success().stdout(format!("{name}\n"));
    assert_eq!(fs::read(folder.path().join(name)).unwrap(), bytes);
}

#[test]
fn a_file_that_is_there_stays_unless_told() {
    let folder = with_run();
    let file = folder.path().join("mine.csv");
    fs::write(&file, "mine").unwrap();
    let arguments = ["my run", "--format", "csv", "--out", "mine.csv"];
    let refused = export(folder.path(), &arguments).code(1);
    assert!(stderr(&refused).contains("mine.csv is there already"));
    assert_eq!(fs::read_to_string(&file).unwrap(), "mine");
    export(folder.path(), &[&arguments[..], &["--force"]].concat()).success();
    assert!(fs::read_to_string(&file).unwrap().starts_with("# looc-tui export"));
}

#[test]
fn what_is_not_there_is_told() {
    let folder = with_run();
    let refused = |arguments: &[&str], code: i32, words: &str| {
        let text = stderr(&export(folder.path(), arguments).code(code));
        assert!(text.contains(words), "{words} in {text}");
    };
    refused(&["nothing", "--format", "png"], 1, "nothing is not a run");
    let curves = "my run: there are no curves \"lost/\"; there are loss, loss/, lr, knn/";
    refused(&["my run", "--format", "png", "--curves", "lost/"], 1, curves);
    let range = "there are no figures from 500 to 400: the curves reach from 1 to 400";
    refused(&["my run", "--format", "svg", "--from", "500"], 1, range);
    refused(&["my run", "--format", "svg", "--smooth", "0.5"], 2, "--smooth is one of");
    refused(&["my run", "--format", "jpg"], 2, "svg");
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "nothing was written");
}
