//! The views of one held-out image, small, and how close the model sees each to q.

use crate::{
    engine::message::{ViewSheet, ViewTile},
    tui::{
        figures::share,
        pictures::Pictures,
        state::State,
        theme::Theme,
        widget::text::{cut, left, line, put, right, row},
    },
};
use ratatui::{
    buffer::Buffer,
    layout::{Rect, Size},
    text::Span,
};

/// The narrowest tile.
const NARROW: u16 = 13;
/// What stands in the place of a view's name for the image itself.
const ORIGINAL: &str = "";
/// Columns before the first tile: the heads' names of the table below.
const HEADS: u16 = 4;

/// The title says which image.
pub fn title(state: &State) -> String {
    match (&state.snapshot.views, state.views_awaited()) {
        (Some(sheet), waits) => {
            let labels: Vec<String> =
                sheet.labels.iter().map(|text| crate::tui::state::plain::plain_line(text)).collect();
            let wait = if waits {
                " …"
            } else if state.frozen {
                "   frozen"
            } else {
                ""
            };
            let index = sheet.request.index % sheet.count.max(1) + 1;
            let labels = labels.join(" · ");
            format!("Views   image {index}/{}   {labels}   model of step {}{wait}", sheet.count, sheet.step)
        }
        (None, true) => "Views …".into(),
        (None, false) => "Views".into(),
    }
}

/// The views that are shown, with the image itself before them if that is wanted.
pub fn shown(state: &State, sheet: &ViewSheet) -> Vec<ViewTile> {
    let original = state.original.then(|| ViewTile {
        name: ORIGINAL.into(),
        rgb: sheet.original.clone(),
        params: Vec::new(),
        cosines: Vec::new(),
    });
    original.into_iter().chain(sheet.views.iter().cloned()).collect()
}

/// Tiles that fit side by side, and the width of each.
pub fn tiles(views: &[ViewTile], width: u16) -> (usize, u16) {
    let room = width.saturating_sub(HEADS);
    let count = views.len().min(usize::from((room / NARROW).max(1)));
    (count, room / count.max(1) as u16)
}

/// Rows that the pane wants, its frame included.
pub fn height(state: &State, pictures: &Pictures, width: u16) -> u16 {
    let Some(sheet) = &state.snapshot.views else { return 16 };
    let (_, tile) = tiles(&shown(state, sheet), width.saturating_sub(2));
    let image = pictures.size(sheet.side, Size::new(tile.saturating_sub(2), 16)).height;
    2 + 1 + image + 1 + rows(sheet) as u16
}

/// Heads whose cosines are known.
pub fn rows(sheet: &ViewSheet) -> usize {
    sheet.views.iter().map(|tile| tile.cosines.len()).max().unwrap_or(0)
}

/// Why there are no views.
pub fn missing(state: &State) -> &'static str {
    match () {
        () if state.of_the_past() && !state.demo => {
            "a run's files hold no views; on 5 Runs, R goes on with it"
        }
        () if state.views_awaited() => "the views are being made …",
        () => "views come with the first step",
    }
}

/// Pictures above, cosines below.
pub fn draw(state: &State, theme: Theme, pictures: &mut Pictures, area: Rect, buffer: &mut Buffer) {
    let Some(sheet) = &state.snapshot.views else {
        super::empty(missing(state), theme, area, buffer);
        return;
    };
    let views = shown(state, sheet);
    let (count, width) = tiles(&views, area.width);
    let below = (rows(sheet) as u16 + 1).min(area.height.saturating_sub(4));
    let room = Size::new(width.saturating_sub(2), area.height.saturating_sub(1 + below));
    let size = pictures.size(sheet.side, room);
    for (i, tile) in views.iter().take(count).enumerate() {
        let column = Rect { x: area.x + HEADS + i as u16 * width, width, ..area };
        put(
            Rect { height: 1, ..column },
            0,
            &cut(&name(sheet, tile), usize::from(width) - 1),
            theme.strong(),
            buffer,
        );
        let picture = Rect { y: area.y + 1, ..column };
        let picture = Rect { width: size.width, height: size.height.min(room.height), ..picture };
        if !state.covered() {
            pictures.draw(sheet.side, &tile.rgb, picture, buffer);
        }
    }
    if count < views.len() {
        let more = format!("+{}", views.len() - count);
        put(row(area, 0), 0, &more, theme.dim(), buffer);
    }
    let table = Rect { y: area.y + 1 + size.height.min(room.height), height: below, ..area };
    cosines(state, theme, (sheet, &views[..count]), width, table, buffer);
}

/// `q`, `k0 shares none`, `k1 same color`.
pub fn name(sheet: &ViewSheet, tile: &ViewTile) -> String {
    match sheet.views.iter().position(|it| it.name == tile.name) {
        _ if &*tile.name == ORIGINAL => "the image itself".into(),
        None | Some(0) => "q".into(),
        Some(1) => "k0 shares none".into(),
        Some(i) => format!("k{} same {}", i - 1, tile.name),
    }
}

/// The cosine of every view to q, a row a head.
pub fn cosines(
    state: &State,
    theme: Theme,
    (sheet, views): (&ViewSheet, &[ViewTile]),
    width: u16,
    area: Rect,
    buffer: &mut Buffer,
) {
    let Some(query) = sheet.views.first() else { return };
    put(row(area, 0), 0, &left("cosine to q", usize::from(area.width)), theme.dim(), buffer);
    for (y, (head, _)) in query.cosines.iter().enumerate() {
        let number = state.heads.find(head).unwrap_or(0);
        let at = row(area, y + 1);
        line(at, vec![Span::styled(left(&state.heads.label(head), 3), theme.head(number))], buffer);
        for (i, tile) in views.iter().enumerate().filter(|(_, tile)| &*tile.name != ORIGINAL) {
            let value = tile.cosines.iter().find(|(name, _)| name == head).map(|(_, value)| *value);
            let text = value.map_or_else(|| "—".into(), share);
            // A view that shares this head's augmentation is the one that should be close to q here.
            let positive =
                tile.name != query.name && (tile.name == *head || (&*tile.name == "k0" && &**head == "all"));
            let text = right(&text, 4) + if positive { " ◂ pull" } else { "" };
            let style = if tile.name == query.name { theme.dim() } else { ratatui::style::Style::new() };
            let x = usize::from(HEADS + i as u16 * width);
            put(at, x, &cut(&text, usize::from(width).saturating_sub(1)), style, buffer);
        }
    }
}
