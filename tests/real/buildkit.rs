//! What the program says of images of `BuildKit` that a real registry took.

use crate::push::{Pusher, push};
use crate::registry::DescriptorCache;
use crate::stand_in::{buildkit_image, buildkit_images};
use crate::world::{REPOSITORY, World, assert_failed, assert_verified};

#[test]
fn an_image_of_buildkit_is_green_and_one_without_layers_is_red() {
    let name = "an_image_of_buildkit_is_green_and_one_without_layers_is_red";
    let Some(world) = World::new(name, DescriptorCache::On) else { return };
    for name in buildkit_images() {
        let parts = buildkit_image(&name);
        let pusher = Pusher::with_token(&world.stand_in, world.registry.host(), REPOSITORY);
        push(&pusher, REPOSITORY, &name, &parts);
        let run = world.gate(&name).run();
        if name.starts_with("empty") {
            assert_failed(&run, &["failure manifest-intact"]);
            assert!(run.stdout.contains("not-an-image"), "{}", run.snapshot());
        } else if name == "zstd-docker" {
            assert_failed(&run, &["failure engines"]);
            assert!(run.stdout.contains("containerd 1.7 refuses it"), "{}", run.snapshot());
            assert_verified(
                &world.gate(&name).args("--engine docker").run(),
                &parts.last().unwrap().digest,
            );
        } else {
            assert_verified(&run, &parts.last().unwrap().digest);
        }
    }
}
