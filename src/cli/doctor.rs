//! `looc-tui doctor`.

use super::{Code, Globals, Run};
use crate::{
    data::{self, DATASETS},
    device,
    engine::environment::BUILD,
    nn::kernels::{CHOICE, Isa},
    tui::{
        glyphs::{Glyphs, locale},
        settings,
    },
};
use clap::Args;
use color_eyre::Report;
use std::{
    io::{IsTerminal, Write, stdin, stdout},
    path::Path,
};

const HELP: &str = "\
Examples:
  looc-tui doctor";

/// Says what was found here, and what will be used: the first thing to send with a report of a fault.
#[derive(Args)]
#[command(verbatim_doc_comment, after_help = HELP)]
pub struct Doctor {}

impl Run for Doctor {
    fn run(self, globals: &Globals) -> Result<Code, Report> {
        let mut lines = vec![("program", program()), ("terminal", terminal(globals))];
        lines.push(("glyphs", glyphs()));
        lines.push(("settings", settings()));
        lines.extend(asked());
        lines.push(("cpu", cpu()));
        lines.extend(device::describe().lines().map(|line| ("gpu", line.to_owned())));
        lines.push(("network", network().into()));
        lines.push(("kernels", kernels()));
        lines.push(("data", data()));
        lines.push(("cache", cache()));
        let mut out = stdout().lock();
        for (name, text) in lines {
            writeln!(out, "{name:10}{text}")?;
        }
        Ok(Code::Done)
    }
}

fn program() -> String {
    let features: Vec<&str> = [
        ("cuda", cfg!(feature = "cuda")),
        ("cudnn", cfg!(feature = "cudnn")),
        ("metal", cfg!(feature = "metal")),
    ]
    .into_iter()
    .filter_map(|(name, on)| on.then_some(name))
    .collect();
    let features = if features.is_empty() { "no GPU features".into() } else { features.join(", ") };
    let (version, arch) = (env!("CARGO_PKG_VERSION"), std::env::consts::ARCH);
    format!("looc-tui {version} (build {BUILD}) for {arch}, built with {features}")
}

fn terminal(globals: &Globals) -> String {
    let variable = |name: &str| std::env::var(name).unwrap_or_else(|_| "not set".into());
    let kind =
        if stdout().is_terminal() && stdin().is_terminal() { "a terminal" } else { "no terminal here" };
    let remote = if std::env::var_os("SSH_CONNECTION").is_some() { ", over SSH" } else { "" };
    let size = crossterm::terminal::size().map_or_else(|_| String::new(), |(w, h)| format!(", {w}×{h}"));
    format!(
        "{kind}{size}{remote}; TERM {}, COLORTERM {}; colours: {:?}",
        variable("TERM"),
        variable("COLORTERM"),
        globals.depth()
    )
}

/// Which characters the screen would be made of, and why.
fn glyphs() -> String {
    let variable = |name: &str| std::env::var(name).ok();
    let which = Glyphs::detect(variable);
    let why = locale(variable).map_or_else(
        || "no locale is set".into(),
        |(name, value)| format!("{name} is {}", crate::text::printable(&value)),
    );
    format!("{which:?}; {why}")
}

/// The file that says how the screen is wanted, and what is wrong with it.
fn settings() -> String {
    let Some(path) = settings::default_path() else { return "no home: looked for nowhere".into() };
    let name = crate::text::printable_name(path.as_os_str());
    match (path.exists(), settings::Settings::load(None)) {
        (_, Err(error)) => error.to_string(),
        (true, Ok(_)) => name,
        (false, Ok(_)) => format!("{name} would be read; there is none"),
    }
}

/// Asks the terminal, if there is one.
fn asked() -> Vec<(&'static str, String)> {
    if !stdout().is_terminal() || !stdin().is_terminal() {
        return vec![("images", "not asked: no terminal here".into())];
    }
    match crate::tui::ask_terminal() {
        Ok(said) => vec![("ground", said.ground), ("images", said.images)],
        Err(error) => vec![("images", format!("the terminal does not answer: {error}"))],
    }
}

fn cpu() -> String {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let mut features: Vec<&str> = Vec::new();
    #[cfg(target_arch = "x86_64")]
    {
        let known = [
            ("avx2", std::arch::is_x86_feature_detected!("avx2")),
            ("fma", std::arch::is_x86_feature_detected!("fma")),
            ("avx512f", std::arch::is_x86_feature_detected!("avx512f")),
        ];
        features.extend(known.into_iter().filter_map(|(name, has)| has.then_some(name)));
    }
    #[cfg(target_arch = "aarch64")]
    features.push("neon");
    format!("{cores} cores may be used; {}", features.join(" "))
}

fn network() -> &'static str {
    if cfg!(feature = "cuda") || cfg!(feature = "metal") {
        "on the GPU if there is one, otherwise on the CPU"
    } else {
        "on the CPU; for a GPU, build with --features cuda (or metal)"
    }
}

/// Of the CPU: those that are chosen, and what else there is.
fn kernels() -> String {
    let isa = match Isa::preferred() {
        Ok(isa) => isa,
        Err(error) => return error.to_string(),
    };
    let others: Vec<&str> = Isa::all().filter(|other| *other != isa).map(Isa::name).collect();
    let also = if others.is_empty() { String::new() } else { format!(" (also here: {})", others.join(", ")) };
    let asked = std::env::var_os(CHOICE).is_some_and(|name| !name.is_empty());
    let why = match (asked, others.is_empty()) {
        (true, _) => format!(", as {CHOICE} asks"),
        (false, true) => String::new(),
        (false, false) => format!("; {CHOICE}=NAME takes another"),
    };
    format!("{}{also}{why}", isa.name())
}

fn data() -> String {
    let root = match std::env::var_os("LOOC_DATA") {
        Some(root) if Path::new(&root).is_dir() => format!("LOOC_DATA is {}", Path::new(&root).display()),
        Some(root) => format!("LOOC_DATA is {}, which is no folder", Path::new(&root).display()),
        None => "LOOC_DATA is not set: relative paths start here".into(),
    };
    let kinds: Vec<&str> = DATASETS.iter().map(|it| it.name).collect();
    format!("{root}; kinds: {}", kinds.join(", "))
}

/// The user's own; a configuration may name another folder.
fn cache() -> String {
    let used = match data::cache_use() {
        Ok(used) => used,
        Err(why) => return why.into(),
    };
    let folder = crate::text::printable_name(used.folder.as_os_str());
    match used.entries {
        0 => format!("{folder}: empty; large image folders come here, unless data.cache says otherwise"),
        entries => {
            let sets = if entries == 1 {
                "1 decoded image folder".into()
            } else {
                format!("{entries} decoded image folders")
            };
            let mib = used.bytes.div_ceil(1 << 20);
            format!("{folder}: {sets}, {mib} MiB; it may be deleted at any time")
        }
    }
}
