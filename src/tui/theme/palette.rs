//! The colours themselves, for dark and for light grounds. Their hues are those of Okabe & Ito (2008),
//! <https://jfly.uni-koeln.de/color/>, which colour-blind eyes tell apart; made lighter or darker until each can be
//! read on its ground and the first five are told apart by every eye.

use super::Ground;

/// Red, green, blue.
pub type Rgb = (u8, u8, u8);

/// What has a colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Palette {
    /// Of the embedding spaces, in their order.
    pub heads: [Rgb; 7],
    /// Of what has the focus, and of what can be acted on.
    pub accent: Rgb,
    /// Of what goes well.
    pub good: Rgb,
    /// Of what needs attention.
    pub warn: Rgb,
    /// Of what went wrong.
    pub bad: Rgb,
}

impl Palette {
    /// Beside their own ground, what has no head's colour can be read on the other: the ground may be unknown.
    pub const DARK: Self = Self {
        heads: [
            (20, 125, 184),
            (230, 159, 0),
            (0, 158, 115),
            (217, 156, 190),
            (204, 90, 0),
            (86, 180, 233),
            (240, 228, 66),
        ],
        accent: (0, 135, 175),
        good: (0, 158, 115),
        warn: (213, 94, 0),
        bad: (216, 70, 70),
    };

    pub const LIGHT: Self = Self {
        heads: [
            (0, 114, 178),
            (189, 130, 0),
            (0, 120, 87),
            (188, 111, 154),
            (145, 64, 0),
            (72, 151, 196),
            (130, 123, 36),
        ],
        accent: (0, 105, 150),
        good: (0, 120, 87),
        warn: (180, 80, 0),
        bad: (190, 30, 45),
    };

    /// That of a ground.
    pub const fn of(ground: Ground) -> Self {
        match ground {
            Ground::Dark => Self::DARK,
            Ground::Light => Self::LIGHT,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{
        super::{
            ground::{linear, luminance},
            nearest_256,
        },
        *,
    };

    /// Large text and what is drawn: WCAG 2.1, 1.4.11.
    const CONTRAST: f64 = 3.0;
    /// CIE76 between any two of the first five heads, to colour-blind eyes. 2.3 is just noticeable; the colours of
    /// Okabe & Ito as they are come down to 17.9.
    const APART: f64 = 20.0;
    /// The same of the 256 colours, where there is little choice.
    const APART_OF_256: f64 = 14.0;

    /// Machado, Oliveira & Fernandes (2009), severity 1, on linear RGB.
    /// <https://www.inf.ufrgs.br/~oliveira/pubs_files/CVD_Simulation/CVD_Simulation.html>
    const EYES: [[[f64; 3]; 3]; 2] = [
        [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
        [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]],
    ];

    fn unit((r, g, b): Rgb) -> [f64; 3] {
        [r, g, b].map(|it| f64::from(it) / 255.0)
    }

    /// As the terminal with 256 colours shows it.
    fn of_256(rgb: Rgb) -> Rgb {
        const LEVELS: [u8; 6] = [0, 95, 135, 175, 215, 255];
        let index = nearest_256(rgb.0, rgb.1, rgb.2);
        if index >= 232 {
            let shade = 8 + 10 * (index - 232);
            return (shade, shade, shade);
        }
        let [r, g, b] = [36, 6, 1].map(|step| LEVELS[usize::from((index - 16) / step % 6)]);
        (r, g, b)
    }

    fn contrast(rgb: Rgb, ground: Ground) -> f64 {
        let y = luminance(unit(rgb));
        match ground {
            Ground::Dark => (y + 0.05) / 0.05,
            Ground::Light => 1.05 / (y + 0.05),
        }
    }

    /// CIE L*a*b* of linear RGB, white D65.
    fn lab(rgb: [f64; 3]) -> [f64; 3] {
        let [r, g, b] = rgb.map(|it| it.clamp(0.0, 1.0));
        let f = |t: f64| {
            if t > 216.0 / 24389.0 { t.cbrt() } else { (24389.0 / 27.0 * t + 16.0) / 116.0 }
        };
        let x = f((0.4124564 * r + 0.3575761 * g + 0.1804375 * b) / 0.95047);
        let y = f(0.2126729 * r + 0.7151522 * g + 0.0721750 * b);
        let z = f((0.0193339 * r + 0.1191920 * g + 0.9503041 * b) / 1.08883);
        [116.0 * y - 16.0, 500.0 * (x - y), 200.0 * (y - z)]
    }

    fn seen(eye: &[[f64; 3]; 3], rgb: Rgb) -> [f64; 3] {
        let light = unit(rgb).map(linear);
        lab(eye.map(|row| row.iter().zip(light).map(|(a, b)| a * b).sum()))
    }

    /// The least distance between two of the first five heads, of both eyes.
    fn nearest(heads: [Rgb; 7]) -> f64 {
        let mut least = f64::INFINITY;
        for eye in &EYES {
            let seen = heads.map(|rgb| seen(eye, rgb));
            for (i, a) in seen[..5].iter().enumerate() {
                for b in &seen[..i] {
                    least = least.min(a.iter().zip(b).map(|(a, b)| (a - b).powi(2)).sum::<f64>().sqrt());
                }
            }
        }
        least
    }

    #[test]
    fn every_colour_can_be_read_on_its_ground() {
        assert!((contrast((255, 255, 255), Ground::Dark) - 21.0).abs() < 1e-9);
        for ground in [Ground::Dark, Ground::Light] {
            let Palette { heads, accent, good, warn, bad } = Palette::of(ground);
            for rgb in heads.into_iter().chain([accent, good, warn, bad]) {
                for (rgb, colours) in [(rgb, "24 bits"), (of_256(rgb), "256")] {
                    let contrast = contrast(rgb, ground);
                    assert!(contrast >= CONTRAST, "{rgb:?} ({colours}) on {ground:?}: {contrast:.2}");
                }
            }
        }
        let Palette { accent, good, warn, bad, .. } = Palette::DARK;
        for rgb in [accent, good, warn, bad] {
            assert!(contrast(rgb, Ground::Light) >= CONTRAST, "{rgb:?}");
        }
    }

    #[test]
    fn colour_blind_eyes_tell_the_first_five_heads_apart() {
        // White, of a plane of neither eye's confusion, stays white.
        assert!((seen(&EYES[0], (255, 255, 255))[0] - 100.0).abs() < 0.1);
        for ground in [Ground::Dark, Ground::Light] {
            let heads = Palette::of(ground).heads;
            let (fine, coarse) = (nearest(heads), nearest(heads.map(of_256)));
            println!("{ground:?}: {fine:.1}, of 256 colours {coarse:.1}");
            assert!(fine >= APART && coarse >= APART_OF_256, "{ground:?}: {fine:.1}, {coarse:.1}");
        }
        // Red and green, which such eyes confuse.
        let mut heads = Palette::DARK.heads;
        (heads[0], heads[1]) = ((170, 85, 0), (95, 115, 0));
        assert!(nearest(heads) < APART, "the test has lost its eyes");
    }
}
