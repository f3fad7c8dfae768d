use super::*;
use crate::{
    augment::{PlanAddress, ViewParams, plan},
    config::Config,
    data::{DataSettings, Donors},
    rng::Domain,
};
use flate2::read::ZlibDecoder;
use ratatui::{Terminal, backend::CrosstermBackend};
use std::io::Read;

/// A picture of its own for every seed; a rough one cannot be compressed.
fn picture(seed: u32, side: usize, rough: bool) -> Arc<[u8]> {
    let mut state = seed.wrapping_mul(2_654_435_761) | 1;
    let mut noise = move || {
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        state as u8
    };
    (0..side * side * 3).map(|i| if rough { noise() } else { (i / 64 + seed as usize) as u8 }).collect()
}

/// Draws pictures side by side, and tells what goes beside the cells.
fn frame(kitty: &mut Kitty, pictures: &[Arc<[u8]>], size: Size) -> (Buffer, Aside) {
    let mut buffer = Buffer::empty(Rect::new(0, 0, size.width * pictures.len().max(1) as u16, size.height));
    for (x, rgb) in (0..).step_by(usize::from(size.width)).zip(pictures) {
        kitty.draw(side(rgb), rgb, Rect::new(x, 0, size.width, size.height), &mut buffer);
    }
    (buffer, kitty.take(4))
}

fn side(rgb: &[u8]) -> usize {
    (rgb.len() / 3).isqrt()
}

/// Keys and payload of every command.
fn commands(bytes: &[u8]) -> Vec<(String, String)> {
    let text = std::str::from_utf8(bytes).unwrap();
    assert!(text.is_empty() || text.starts_with("\x1b_G") && text.ends_with("\x1b\\"), "{text:?}");
    let commands = text.split("\x1b_G").skip(1).map(|it| it.strip_suffix("\x1b\\").unwrap());
    commands.map(|it| it.split_once(';').unwrap_or((it, ""))).map(|(a, b)| (a.into(), b.into())).collect()
}

fn key<'a>(keys: &'a str, name: &str) -> Option<&'a str> {
    keys.split(',').find_map(|key| key.strip_prefix(name)?.strip_prefix('='))
}

/// The bytes of a picture, as the terminal finds them.
fn received(commands: &[(String, String)]) -> Vec<u8> {
    let letters: String = commands.iter().map(|(_, payload)| &**payload).collect();
    let mut bytes = Vec::new();
    ZlibDecoder::new(&STANDARD.decode(letters).unwrap()[..]).read_to_end(&mut bytes).unwrap();
    bytes
}

/// Image, placement, row and column.
type Place = (u32, u32, usize, usize);

/// Those of every cell, found as the protocol says.
fn places(buffer: &Buffer) -> Vec<Vec<Option<Place>>> {
    let number = |color| match color {
        Color::Rgb(r, g, b) => u32::from_be_bytes([0, r, g, b]),
        other => panic!("{other:?} is no number"),
    };
    let mark = |c: char| marks().position(|mark| mark == c).unwrap();
    let mut rows = Vec::new();
    for y in 0..buffer.area.height {
        let mut row: Vec<Option<Place>> = Vec::new();
        for x in 0..buffer.area.width {
            let cell = &buffer[(x, y)];
            let mut symbol = cell.symbol().chars();
            if symbol.next() != Some(PLACEHOLDER) {
                row.push(None);
                continue;
            }
            let (id, place) = (number(cell.fg), number(cell.underline_color));
            let numbers: Vec<usize> = symbol.map(mark).collect();
            let (line, column) = match (&numbers[..], row.last()) {
                ([line, column], _) => (*line, *column),
                ([], Some(Some((i, p, line, column)))) if (*i, *p) == (id, place) => (*line, column + 1),
                other => panic!("a cell without a place: {other:?}"),
            };
            row.push(Some((id, place, line, column)));
        }
        rows.push(row);
    }
    rows
}

#[test]
fn a_picture_is_sent_at_its_own_size_and_placed_on_the_cells() {
    let mut kitty = Kitty::new(0x0a_0b00, false);
    let rgb = picture(1, 32, false);
    let (buffer, aside) = frame(&mut kitty, std::slice::from_ref(&rgb), Size::new(20, 10));
    let sent = commands(&aside.before);
    let keys = &sent[0].0;
    for (name, value) in [
        ("a", "T"),
        ("U", "1"),
        ("i", "658177"),
        ("p", "1"),
        ("c", "20"),
        ("r", "10"),
        ("f", "24"),
        ("s", "32"),
        ("v", "32"),
        ("o", "z"),
        ("q", "2"),
        ("m", "0"),
    ] {
        assert_eq!(key(keys, name), Some(value), "{name} in {keys}");
    }
    assert_eq!((sent.len(), received(&sent)), (1, rgb.to_vec()));
    for (y, row) in places(&buffer).iter().enumerate() {
        for (x, place) in row.iter().enumerate() {
            assert_eq!(*place, Some((0x0a_0b01, 1, y, x)));
        }
    }
}

#[test]
fn a_large_picture_goes_in_pieces() {
    let rgb = picture(7, 96, true);
    let (_, aside) = frame(&mut Kitty::new(0, false), std::slice::from_ref(&rgb), Size::new(8, 4));
    let sent = commands(&aside.before);
    assert!(sent.len() >= 9, "{}", sent.len());
    for (i, (keys, payload)) in sent.iter().enumerate() {
        let last = i + 1 == sent.len();
        assert_eq!(key(keys, "m"), Some(if last { "0" } else { "1" }));
        assert!(payload.len() == CHUNK || last && payload.len() <= CHUNK, "{}", payload.len());
        assert!(i == 0 || keys.split(',').count() == 2 && key(keys, "q") == Some("2"), "{keys}");
    }
    assert_eq!(received(&sent), rgb.to_vec());
}

#[test]
fn what_is_there_is_not_sent_again_and_another_size_is_only_placed() {
    let mut kitty = Kitty::new(0, false);
    let two = [picture(1, 32, false), picture(2, 32, false)];
    let (first, aside) = frame(&mut kitty, &two, Size::new(6, 3));
    assert_eq!(commands(&aside.before).len(), 2);
    let (second, aside) = frame(&mut kitty, &two, Size::new(6, 3));
    assert_eq!((aside, second == first), (Aside::default(), true));
    let (larger, aside) = frame(&mut kitty, &two[..1], Size::new(12, 6));
    let sent = commands(&aside.before);
    assert_eq!(sent, [("a=p,U=1,i=1,p=2,c=12,r=6,q=2".into(), String::new())]);
    assert_eq!(places(&larger)[5][11], Some((1, 2, 5, 11)));
    // Back at the first size, its placement is still there.
    let (first, aside) = frame(&mut kitty, &two, Size::new(6, 3));
    assert_eq!(aside, Aside::default());
    assert_eq!(places(&first)[2][6..8], [Some((2, 1, 2, 0)), Some((2, 1, 2, 1))]);
}

#[test]
fn what_was_shown_longest_ago_makes_room_but_nothing_that_is_shown() {
    let mut kitty = Kitty::new(0, false);
    let size = Size::new(2, 1);
    let many: Vec<_> = (0..6).map(|seed| picture(seed, 8, false)).collect();
    assert!(!String::from_utf8(frame(&mut kitty, &many, size).1.before).unwrap().contains("a=d"));
    // Four are kept: the three that are shown, and the last sent of the others.
    let (_, aside) = frame(&mut kitty, &many[..3], size);
    let deleted: Vec<_> = commands(&aside.before).into_iter().map(|(keys, _)| keys).collect();
    assert_eq!(deleted, ["a=d,d=I,i=4,q=2", "a=d,d=I,i=5,q=2"]);
    let left = commands(&aside.at_leaving.unwrap());
    let left: Vec<_> = left.iter().map(|(keys, _)| key(keys, "i").unwrap()).collect();
    assert_eq!(left, ["1", "2", "3", "6"]);
    // One that was deleted is sent again, under another id.
    let (buffer, aside) = frame(&mut kitty, &many[3..4], size);
    assert_eq!(received(&commands(&aside.before)[..1]), many[3].to_vec());
    assert_eq!(places(&buffer)[0][1], Some((7, 1, 0, 1)));
}

#[test]
fn what_is_forgotten_is_deleted_and_sent_anew() {
    let mut kitty = Kitty::new(0, false);
    let one = [picture(3, 8, false)];
    frame(&mut kitty, &one, Size::new(2, 1));
    kitty.forget();
    let (_, aside) = frame(&mut kitty, &one, Size::new(2, 1));
    let sent = commands(&aside.before);
    assert_eq!((&*sent[0].0, sent.len()), ("a=d,d=I,i=1,q=2", 2));
    assert_eq!(received(&sent[1..]), one[0].to_vec());
    kitty.forget();
    assert_eq!(kitty.take(4).at_leaving, Some(Vec::new()));
    // Ids are colours: after the last comes 1, never 0.
    let mut kitty = Kitty::new(IDS, false);
    assert_eq!(places(&frame(&mut kitty, &one, Size::new(2, 1)).0)[0][0], Some((1, 1, 0, 0)));
}

#[test]
fn tmux_hands_every_command_through() {
    let rgb = picture(7, 64, true);
    let plain = frame(&mut Kitty::new(0, false), std::slice::from_ref(&rgb), Size::new(2, 1)).1;
    let wrapped = frame(&mut Kitty::new(0, true), std::slice::from_ref(&rgb), Size::new(2, 1)).1;
    let text = String::from_utf8(wrapped.before).unwrap();
    let inner: String = text
        .split("\x1bPtmux;")
        .skip(1)
        .map(|it| it.strip_suffix("\x1b\\").unwrap().replace("\x1b\x1b", "\x1b"))
        .collect();
    assert_eq!(inner.into_bytes(), plain.before);
}

#[test]
fn a_picture_that_is_none_and_one_without_end_are_survived() {
    let mut kitty = Kitty::new(0, false);
    let area = Rect::new(0, 0, 400, 2);
    let mut buffer = Buffer::empty(area);
    kitty.draw(9, &picture(1, 8, false), area, &mut buffer);
    assert_eq!((buffer.clone(), kitty.take(4)), (Buffer::empty(area), Aside::default()));
    // More columns than there are numbers: the rest stays empty.
    kitty.draw(8, &picture(1, 8, false), area, &mut buffer);
    let row = &places(&buffer)[0];
    assert_eq!((row[296], row[297]), (Some((1, 1, 0, 296)), None));
}

/// Five views side by side, as a terminal gets them: the cells as well as the pictures.
#[test]
fn a_row_of_views_is_few_bytes() {
    let views = views();
    assert_eq!((views.len(), side(&views[0])), (5, 32));
    let size = Size::new(20, 10);
    let mut kitty = Kitty::new(0x12_3400, false);
    let (drawn, aside) = frame(&mut kitty, &views, size);
    let mut cells = Vec::new();
    let mut terminal = Terminal::with_options(
        CrosstermBackend::new(&mut cells),
        ratatui::TerminalOptions { viewport: ratatui::Viewport::Fixed(drawn.area) },
    )
    .unwrap();
    terminal.draw(|frame| *frame.buffer_mut() = drawn).unwrap();
    drop(terminal);
    let (pictures, cells) = (aside.before.len(), cells.len());
    println!("{pictures} bytes of pictures, {cells} of cells");
    assert!(pictures + cells <= 25_000, "{pictures} + {cells}");
}

/// The views of an image of the built-in set.
fn views() -> Vec<Arc<[u8]>> {
    let config = Config::quickstart();
    let settings = DataSettings { train: 4, held_out: 4, ..config.data };
    let images = crate::data::open(&settings, &mut crate::data::quiet).unwrap().train;
    let at = PlanAddress { seed: 0, domain: Domain::Views, epoch: 0, sample: 1 };
    let plan = plan(&config.augment, at, images.side, images.side);
    let image = images.image(1).unwrap();
    let mut donors = Donors::new(&images, &images);
    let view = |view: &ViewParams| donors.lend(1, |others| view.apply(&image, others)).unwrap().to_bytes();
    std::iter::once(image.to_bytes()).chain(plan.views.iter().map(view)).map(Arc::from).collect()
}
