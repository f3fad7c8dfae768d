//! Whole training steps of the objectives beside LooC's own against PyTorch
//! (`tests/fixtures/method/make_objectives.py`), and what they keep.

use candle_core::{DType, Device, Result, Tensor, safetensors};
use looc::{
    looc::{
        ContrastSettings, GeneralPositives, Hyper, Learner, LearnerState, OBJECTIVES, ObjectiveKind, Views,
    },
    nn::{HeadKind, ModelSettings, OptimizerSettings, normalise},
};
use std::collections::HashMap;

type Tensors = HashMap<String, Tensor>;

const HEADS: [&str; 2] = ["color", "rotation"];
const STEPS: u64 = 2;

fn fixture(name: &str) -> Result<Tensors> {
    safetensors::load(
        format!("{}/tests/fixtures/method/{name}.safetensors", env!("CARGO_MANIFEST_DIR")),
        &Device::Cpu,
    )
}

fn contrast(kind: &str) -> ContrastSettings {
    let kind = serde_json::from_value::<ObjectiveKind>(kind.into()).unwrap();
    ContrastSettings { kind, temperature: 0.3, queue: 20, momentum: 0.9, ..ContrastSettings::default() }
}

fn model(heads: HeadKind) -> ModelSettings {
    ModelSettings { width: 4, blocks: 1, bn_splits: 1, dim: 6, heads, ..ModelSettings::default() }
}

/// Of a fixed seed; where it matters, there are five classes.
fn fresh(contrast: &ContrastSettings, heads: &[&str]) -> Result<Learner> {
    fresh_with(HeadKind::Mlp, contrast, heads)
}

fn fresh_with(kind: HeadKind, contrast: &ContrastSettings, heads: &[&str]) -> Result<Learner> {
    let mut learner = Learner::new(&model(kind), contrast, heads, 0, &Device::Cpu)?;
    learner.tell_apart(5)?;
    Ok(learner)
}

/// A learner that begins where PyTorch began. Of the start's heads, only those that it has are taken.
fn learner(tensors: &Tensors, contrast: &ContrastSettings, heads: &[&str]) -> Result<Learner> {
    begin(tensors, fresh(contrast, heads)?)
}

/// A momentum encoder starts as a copy of the query's.
fn begin(tensors: &Tensors, mut learner: Learner) -> Result<Learner> {
    let mut state = LearnerState::default();
    for name in learner.state()?.tensors.into_keys() {
        let from = match name.strip_prefix("key.") {
            Some(name) => format!("start.query.{name}"),
            None => format!("start.{name}"),
        };
        state.tensors.insert(name, tensors[&from].clone());
    }
    learner.restore(&state)?;
    Ok(learner)
}

fn views(tensors: &Tensors, step: u64, heads: &[&str]) -> Views {
    // Supervised training has one view.
    let view =
        |i: usize| tensors.get(&format!("step{step}.view{i}")).unwrap_or(&tensors["step0.view0"]).clone();
    let sharing = heads.iter().enumerate().map(|(i, name)| ((*name).to_owned(), view(2 + i))).collect();
    let labels =
        tensors.get(&format!("step{step}.labels")).map(|labels| labels.to_dtype(DType::U32).unwrap());
    Views { step, query: view(0), general: view(1), sharing, labels }
}

/// The losses of a step.
fn step(learner: &mut Learner, contrast: &ContrastSettings, views: &Views) -> Vec<f32> {
    let optimizer = OptimizerSettings { momentum: 0.9, weight_decay: 0.01, ..OptimizerSettings::default() };
    let losses = learner.step(views, Hyper { contrast, optimizer: &optimizer, lr: 0.05 }).unwrap();
    losses.spaces.into_iter().map(|(_, loss)| loss).collect()
}

fn largest_difference(a: &Tensor, b: &Tensor) -> Result<f32> {
    (a - b)?.abs()?.flatten_all()?.max(0)?.to_scalar()
}

/// The losses of every step, and all that was learned after the last.
fn agrees(tensors: &Tensors, label: &str, contrast: &ContrastSettings, heads: &[&str]) -> Result<Learner> {
    agrees_from(learner(tensors, contrast, heads)?, tensors, label, contrast, heads)
}

fn agrees_from(
    mut learner: Learner,
    tensors: &Tensors,
    label: &str,
    contrast: &ContrastSettings,
    heads: &[&str],
) -> Result<Learner> {
    for at in 0..STEPS {
        let losses = Tensor::new(step(&mut learner, contrast, &views(tensors, at, heads)), &Device::Cpu)?;
        let difference = largest_difference(&losses, &tensors[&format!("{label}.step{at}.losses")])?;
        assert!(difference < 1e-4, "{label}, step {at}: the losses differ by {difference}");
    }
    let (state, end, mut compared) = (learner.state()?, format!("{label}.end."), 0);
    for (name, theirs) in tensors.iter().filter_map(|(name, it)| Some((name.strip_prefix(&end)?, it))) {
        let difference = largest_difference(&state.tensors[name], theirs)?;
        assert!(difference < 2e-4, "{label}: {name} differs by {difference}");
        compared += 1;
    }
    let ours = state.tensors.keys().filter(|name| !name.starts_with("optimizer.")).count();
    assert!(compared == ours || compared == 0, "{label}: {compared} of {ours} were compared");
    Ok(learner)
}

/// With leave-one-out heads, and without any.
#[test]
fn simclr_steps_are_those_of_pytorch() -> Result<()> {
    let (tensors, simclr) = (fixture("simclr")?, contrast("simclr"));
    agrees(&tensors, "heads", &simclr, &HEADS)?;
    let plain = agrees(&tensors, "plain", &simclr, &[])?;
    let names: Vec<String> = plain.state()?.tensors.into_keys().collect();
    assert!(
        names.iter().all(|name| name.starts_with("query.") || name.starts_with("optimizer.")),
        "no key encoder and no queue are kept: {names:?}"
    );
    let every = ContrastSettings { general_positives: GeneralPositives::All, ..simclr };
    agrees(&tensors, "every", &every, &HEADS)?;
    Ok(())
}

/// The fixture can tell: another order of the views, or another temperature, gives other losses.
#[test]
fn a_mistake_in_simclr_is_seen() -> Result<()> {
    let (tensors, simclr) = (fixture("simclr")?, contrast("simclr"));
    let right = &tensors["heads.step0.losses"];
    let mut swapped = views(&tensors, 0, &HEADS);
    std::mem::swap(&mut swapped.query, &mut swapped.general);
    let warm = ContrastSettings { temperature: 0.31, ..simclr.clone() };
    for (contrast, views) in [(simclr, swapped), (warm, views(&tensors, 0, &HEADS))] {
        let losses = step(&mut learner(&tensors, &contrast, &HEADS)?, &contrast, &views);
        let difference = largest_difference(&Tensor::new(losses, &Device::Cpu)?, right)?;
        assert!(difference > 1e-3, "a mistake goes unseen ({difference})");
    }
    Ok(())
}

#[test]
fn supervised_steps_are_those_of_pytorch() -> Result<()> {
    let (tensors, supervised) = (fixture("supervised")?, contrast("supervised"));
    let mut learner = agrees(&tensors, "supervised", &supervised, &[])?;
    assert!(learner.state()?.tensors.contains_key("optimizer.first.classifier.weight"));
    // The one space is V itself.
    let images = views(&tensors, 0, &[]).query;
    let (features, spaces) = learner.query.represent(&images)?;
    assert_eq!(spaces.len(), 1);
    assert!(largest_difference(&normalise(&features)?, &spaces[0])? == 0.0);
    assert!(learner.tell_apart(6).is_err(), "another number of classes");
    assert!(Learner::new(&model(HeadKind::Mlp), &supervised, &HEADS, 0, &Device::Cpu).is_err(), "heads");
    Ok(())
}

/// A state says itself how many classes there are.
#[test]
fn a_classifier_comes_back_without_being_told_of() -> Result<()> {
    let (tensors, supervised) = (fixture("supervised")?, contrast("supervised"));
    let state = learner(&tensors, &supervised, &[])?.state()?;
    let mut untold = Learner::new(&model(HeadKind::Mlp), &supervised, &[], 9, &Device::Cpu)?;
    untold.restore(&state)?;
    assert_eq!(untold.state()?.tensors["query.classifier.bias"].dims(), [5]);
    assert!(untold.tell_apart(5).is_ok());
    Ok(())
}

/// Losses, weights of both encoders with their stages, statistics and queues after two steps; then V.
#[test]
fn loocpp_steps_are_those_of_pytorch() -> Result<()> {
    let (tensors, moco) = (fixture("loocpp")?, contrast("moco"));
    let plus = begin(&tensors, fresh_with(HeadKind::Stage, &moco, &HEADS)?)?;
    let mut learner = agrees_from(plus, &tensors, "loocpp", &moco, &HEADS)?;
    let state = learner.state()?;
    for name in ["query.head.color.layer4.0.conv1.weight", "key.head.all.layer4.0.bn2.running_var"] {
        assert!(state.tensors.contains_key(name), "{name}");
    }
    assert!(state.tensors.contains_key("optimizer.first.head.rotation.layer4.0.downsample.0.weight"));
    assert!(!state.tensors.keys().any(|name| name.starts_with("query.backbone.layer4")));
    let images = views(&tensors, STEPS - 1, &HEADS).query;
    let (features, theirs) = (learner.query.features(&images)?, &tensors["features"]);
    assert_eq!(features.dims(), [6, 3 * 32], "the stages' features, side by side");
    let scale: f32 = theirs.abs()?.flatten_all()?.max(0)?.to_scalar()?;
    let difference = largest_difference(&features, theirs)? / scale;
    assert!(difference < 1e-3, "V differs by {difference}");
    assert_eq!(learner.query.represent(&images)?.1[2].dims(), [6, 6]);
    Ok(())
}

/// Without heads LooC++ is the plain network: the same weights, and the same losses but for rounding.
#[test]
fn without_heads_loocpp_is_moco() -> Result<()> {
    let (tensors, moco) = (fixture("simclr")?, contrast("moco"));
    let mut learners = [HeadKind::Mlp, HeadKind::Stage].map(|kind| fresh_with(kind, &moco, &[]).unwrap());
    for at in 0..STEPS {
        let [plain, plus] = learners.each_mut().map(|it| step(it, &moco, &views(&tensors, at, &[])));
        assert!((plain[0] - plus[0]).abs() < 1e-5, "{plain:?} {plus:?}");
    }
    Ok(())
}

/// A space that comes while training begins fresh, and one that goes takes all that was its own along.
#[test]
fn stages_come_and_go_with_their_heads() -> Result<()> {
    let (tensors, moco) = (fixture("simclr")?, contrast("moco"));
    let mut learner = fresh_with(HeadKind::Stage, &moco, &HEADS)?;
    step(&mut learner, &moco, &views(&tensors, 0, &HEADS));
    let before = learner.state()?;
    learner.remove_space("color");
    let without = learner.state()?;
    assert!(!without.tensors.keys().any(|name| name.contains("color")), "something of it is left");
    assert_eq!(learner.query.features(&views(&tensors, 0, &[]).query)?.dims(), [6, 2 * 32]);
    step(&mut learner, &moco, &Views { sharing: Vec::new(), ..views(&tensors, 1, &HEADS) });
    learner.add_space("color", 1)?;
    let back = learner.state()?;
    let (name, key) = ("query.head.color.layer4.0.conv1.weight", "key.head.color.layer4.0.conv1.weight");
    assert!(largest_difference(&back.tensors[name], &before.tensors[name])? > 1e-2, "it is another one");
    assert_eq!(largest_difference(&back.tensors[name], &back.tensors[key])?, 0.0);
    // The views name color first, which is the last space now.
    assert_eq!(step(&mut learner, &moco, &views(&tensors, 1, &HEADS)).len(), 3);
    Ok(())
}

/// Whatever the objective and the heads, a restored learner goes on as the original, to the last bit.
#[test]
fn every_objective_goes_on_where_it_was() -> Result<()> {
    let all = OBJECTIVES.iter().flat_map(|kind| [(kind, HeadKind::Mlp), (kind, HeadKind::Stage)]);
    for (kind, own) in all {
        let tensors = fixture(if kind.labelled { "supervised" } else { "simclr" })?;
        let (contrast, heads) = (contrast(kind.name), if kind.heads { &HEADS[..] } else { &[] });
        let fresh = || fresh_with(own, &contrast, heads);
        let (mut original, mut restored) = (fresh()?, fresh()?);
        step(&mut original, &contrast, &views(&tensors, 0, heads));
        // Away from where both began.
        step(&mut restored, &contrast, &views(&tensors, 1, heads));
        restored.restore(&original.state()?)?;
        let losses = [&mut original, &mut restored].map(|it| step(it, &contrast, &views(&tensors, 1, heads)));
        assert_eq!(losses[0], losses[1], "{} {own:?}", kind.name);
        let (ours, theirs) = (restored.state()?, original.state()?);
        assert_eq!((ours.counts, ours.tensors.len()), (theirs.counts, theirs.tensors.len()));
        for (name, tensor) in &ours.tensors {
            let difference = largest_difference(tensor, &theirs.tensors[name])?;
            assert_eq!(difference, 0.0, "{} {own:?}: {name}", kind.name);
        }
    }
    Ok(())
}

/// The state of one objective is not taken for that of another.
#[test]
fn objectives_are_not_mixed_up() -> Result<()> {
    for (from, to) in OBJECTIVES.iter().flat_map(|from| OBJECTIVES.iter().map(move |to| (from, to))) {
        let fresh = |name| fresh(&contrast(name), &[]);
        let state = fresh(from.name)?.state()?;
        let taken = fresh(to.name)?.restore(&state);
        assert_eq!(taken.is_ok(), from.name == to.name, "{} as {}", from.name, to.name);
        if let Err(error) = taken {
            let error = error.to_string();
            assert!(error.contains(" is missing") || error.contains(" is unknown"), "{error}");
        }
    }
    Ok(())
}
