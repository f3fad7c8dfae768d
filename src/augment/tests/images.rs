//! What every augmentation does to every image.

use super::*;

proptest! {
    #![proptest_config(cases(400))]

    #[test]
    fn equal_parameters_give_equal_images_within_range(
        settings in any_settings(), image in any_image(), seed in any::<u64>(),
    ) {
        let params = settings.sample(&mut stream(seed), image.width, image.height);
        prop_assert_eq!(&params, &settings.sample(&mut stream(seed), image.width, image.height));
        let (mut made, mut again) = (image.clone(), image.clone());
        params.apply(&mut made, &Alone);
        params.clone().apply(&mut again, &Alone);
        prop_assert_eq!(&made, &again);
        prop_assert_eq!((made.width, made.height, made.pixels.len()), (image.width, image.height, image.pixels.len()));
        let stray = made.pixels.iter().find(|value| !(-1e-6..=1.0 + 1e-6).contains(*value));
        prop_assert!(stray.is_none(), "{stray:?} from {params:?}");
        prop_assert!(!params.describe().is_empty() && params.describe().lines().count() == 1);
        prop_assert!(!settings.summary().is_empty());
    }

    #[test]
    fn bytes_come_back(image in any_image()) {
        prop_assert_eq!(&Image::from_bytes(image.width, image.height, &image.to_bytes()), &image);
    }
}

/// An image that is its own mirror image, and not upside down.
fn symmetric(side: usize) -> Image {
    let mut bytes = Vec::new();
    for y in 0..side {
        for x in 0..side {
            let inward = x.min(side - 1 - x);
            bytes.extend([(y * 7) as u8, (inward * 9) as u8, (y * inward) as u8]);
        }
    }
    Image::from_bytes(side, side, &bytes)
}

fn made(image: &Image, params: &[Params]) -> Image {
    let mut image = image.clone();
    params.iter().for_each(|params| params.apply(&mut image, &Alone));
    image
}

#[test]
fn a_shared_angle_is_a_shared_appearance_because_rotation_comes_after_flip() {
    let image = symmetric(16);
    for turns in 0..4 {
        let turned = |flip| made(&image, &[Params::Flip(flip), Params::Rotation(turns)]);
        assert_eq!(turned(true), turned(false), "{turns} quarter turns");
        // The other order is what check_order refuses: a mirrored quarter turn is the opposite turn.
        let mirrored = |flip| made(&image, &[Params::Rotation(turns), Params::Flip(flip)]);
        assert_eq!(mirrored(true) == mirrored(false), turns % 2 == 0, "{turns} quarter turns");
    }
}

#[test]
fn through_the_plan_too_the_key_of_rotation_has_the_same_side_up() {
    let entry = |name: &str, head| Entry {
        settings: (kind(name).read)(serde_json::json!({})).unwrap(),
        enabled: true,
        head,
        distinct: false,
    };
    let entries = [entry("flip", false), entry("rotation", true)];
    check_order(&entries).unwrap();
    let image = symmetric(16);
    let (mut flips_differ, mut general_differs) = (0, 0);
    for sample in 0..64 {
        let address = PlanAddress { seed: 3, domain: Domain::Views, epoch: 0, sample };
        let views = plan(&entries, address, 16, 16).views;
        let [query, general, key] = &views[..] else { panic!("{} views", views.len()) };
        assert_eq!(query.apply(&image, &Alone), key.apply(&image, &Alone));
        flips_differ += usize::from(query.of("flip") != key.of("flip"));
        general_differs += usize::from(query.apply(&image, &Alone) != general.apply(&image, &Alone));
    }
    assert!(flips_differ > 16 && general_differs > 32, "{flips_differ} {general_differs}");
}

#[test]
fn four_quarter_turns_and_two_flips_are_nothing() {
    let image = made(&symmetric(9), &[Params::Rotation(1)]);
    assert_eq!(made(&image, &vec![Params::Rotation(1); 4]), image);
    assert_eq!(made(&image, &[Params::Rotation(1), Params::Rotation(3)]), image);
    assert_eq!(made(&image, &[Params::Rotation(2), Params::Rotation(2)]), image);
    assert_eq!(made(&image, &[Params::Flip(true), Params::Flip(true)]), image);
}

#[test]
fn an_oblong_image_is_turned_and_stretched_back() {
    let image = Image::from_bytes(4, 2, &(0..24).collect::<Vec<u8>>());
    let turned = made(&image, &[Params::Rotation(1)]);
    // The right column comes to the top: (3, 0) at the left, (3, 1) at the right.
    let at = |image: &Image, x: usize, y: usize| image.pixels[(y * image.width + x) * 3];
    assert_eq!((turned.width, turned.height), (4, 2));
    assert_eq!(at(&turned, 0, 0), at(&image, 2, 0));
    assert_eq!(at(&turned, 3, 0), at(&image, 2, 1));
    assert_eq!(at(&turned, 3, 1), at(&image, 0, 1));
}
