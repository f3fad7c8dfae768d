//! Where a run is being trained already, `looc-tui` alone asks whether that is the one to be shown.

use super::trained;
use crate::{link, run::Summary, text::printable_name};
use std::{
    io::{self, BufRead, IsTerminal, Write, stderr, stdin, stdout},
    path::PathBuf,
};

/// What the reader wants.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Choice {
    Attach(PathBuf),
    /// A run of its own.
    Begin,
    Leave,
}

/// Asks, if there is a run to attach to and somebody to ask.
///
/// # Errors
/// If the terminal cannot be read or written.
pub fn choose() -> io::Result<Choice> {
    if !(stdin().is_terminal() && stdout().is_terminal() && stderr().is_terminal()) {
        return Ok(Choice::Begin);
    }
    let runs: Vec<Summary> = trained::runs().into_iter().filter(|run| link::is_served(&run.path)).collect();
    ask(&runs, &mut stdin().lock(), &mut stderr())
}

fn ask(runs: &[Summary], input: &mut impl BufRead, output: &mut impl Write) -> io::Result<Choice> {
    let Some(last) = runs.last() else { return Ok(Choice::Begin) };
    writeln!(output, "Being trained here:")?;
    for (at, run) in runs.iter().enumerate() {
        let name = printable_name(run.path.as_os_str());
        writeln!(output, "  {}  {name}  {}, step {} of {}", at + 1, run.state, run.step, run.steps)?;
    }
    let which =
        if runs.len() > 1 { format!("1 – {}: attach to it · ", runs.len()) } else { String::new() };
    let newest = printable_name(last.path.as_os_str());
    loop {
        write!(output, "{which}Enter: attach to {newest} · n: begin another run · q: leave  ")?;
        output.flush()?;
        let mut line = String::new();
        if input.read_line(&mut line)? == 0 {
            return Ok(Choice::Leave);
        }
        match line.trim() {
            "" => return Ok(Choice::Attach(last.path.clone())),
            "n" => return Ok(Choice::Begin),
            "q" => return Ok(Choice::Leave),
            number => {
                let run = number.parse::<usize>().ok().and_then(|at| runs.get(at.checked_sub(1)?));
                if let Some(run) = run {
                    return Ok(Choice::Attach(run.path.clone()));
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{config::Config, run::RunDir};

    #[test]
    fn the_answer_is_taken_and_a_wrong_one_asked_again() {
        let folder = tempfile::tempdir().unwrap();
        let config = Config::quickstart();
        let run = |name: &str| {
            let path = folder.path().join(name);
            drop(RunDir::create(&path, &config.to_yaml(), &config.hash(), 0).unwrap());
            Summary::read(&path).unwrap()
        };
        let runs = [run("r0001"), run("r0002")];
        let asked = |runs: &[Summary], typed: &str| {
            let mut told = Vec::new();
            let choice = ask(runs, &mut typed.as_bytes(), &mut told).unwrap();
            (choice, String::from_utf8(told).unwrap())
        };
        let attach = |at: usize| Choice::Attach(runs[at].path.clone());
        assert_eq!(asked(&runs, "\n").0, attach(1));
        assert_eq!(asked(&runs, "n\n").0, Choice::Begin);
        assert_eq!(asked(&runs, "q\n").0, Choice::Leave);
        assert_eq!(asked(&runs, "").0, Choice::Leave);
        let (choice, told) = asked(&runs, "0\n3\nyes\n1\n");
        assert_eq!(choice, attach(0));
        assert_eq!(told.matches("Enter: attach to").count(), 4);
        assert!(told.contains("r0001  killed, step 0 of 0"), "{told}");
        assert_eq!(asked(&[], "\n"), (Choice::Begin, String::new()));
    }
}
