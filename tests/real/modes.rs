//! What the program says of `docker-registry` in its other modes: read-only, as a pull-through cache, and
//! with its garbage collected beside the running server.

use crate::registry::{DescriptorCache, Registry};
use crate::skopeo;
use crate::stand_in::Image;
use crate::world::{TAG, World, assert_failed, assert_verified, unpassed};

const FIRST: &str = "1111111111111111111111111111111111111111";
const SECOND: &str = "2222222222222222222222222222222222222222";

#[test]
fn an_image_stays_green_when_its_registry_becomes_read_only() {
    let name = "an_image_stays_green_when_its_registry_becomes_read_only";
    let Some(mut world) = World::new(name, DescriptorCache::On) else { return };
    let image = Image::node_on_alpine();
    let pushed = world.push(TAG, image.clone());
    world.registry = world.registry.read_only(&world.stand_in);
    let (token, target) = (world.stand_in.token(), world.target("another"));
    let refused = skopeo::copy(&image.into(), &target, token, &[]);
    assert!(!refused.status.success(), "a push to a registry that is read-only");
    assert_verified(&world.gate(TAG).run(), &pushed.digest);
    assert_failed(&world.gate("another").run(), &["failure tag-exists"]);
}

/// And the cache fetches every layer whole, although a byte of each was asked for.
#[test]
fn an_image_is_green_through_a_pull_through_cache() {
    let name = "an_image_is_green_through_a_pull_through_cache";
    let Some(mut world) = World::new(name, DescriptorCache::On) else { return };
    let pushed = world.push(TAG, Image::node_on_alpine());
    let cache = Registry::cache_of(&world.registry, &world.stand_in);
    let _upstream = std::mem::replace(&mut world.registry, cache);
    assert_verified(&world.gate(TAG).run(), &pushed.digest);
    // It stores beside answering, and may be done a little later; each run asks it again.
    let stores_all = |cache: &Registry| pushed.layers.iter().all(|layer| cache.stores(layer));
    let fetched = (0..100).any(|_| {
        world.gate(TAG).run();
        stores_all(&world.registry)
    });
    assert!(fetched, "a byte of a layer makes the cache fetch the layer");
}

/// The cache does not tell "the upstream has no such tag" from "I could not ask".
#[test]
fn the_no_of_a_cache_without_its_upstream_is_red() {
    let name = "the_no_of_a_cache_without_its_upstream_is_red";
    let Some(mut world) = World::new(name, DescriptorCache::On) else { return };
    world.push(TAG, Image::node_on_alpine());
    let cache = Registry::cache_of(&world.registry, &world.stand_in);
    std::mem::replace(&mut world.registry, cache).stop();
    let run = world.gate(TAG).run();
    assert_failed(&run, &["failure tag-exists"]);
    assert!(run.stdout.contains("tag-missing"), "{}", run.snapshot());
    assert!(run.stdout.contains("MANIFEST_UNKNOWN"), "{}", run.snapshot());
}

/// The descriptor cache goes on promising the layers that the collection removed, so that the pusher sends
/// none of them again.
#[test]
fn layers_that_a_push_after_a_garbage_collection_did_not_store_are_red() {
    let name = "layers_that_a_push_after_a_garbage_collection_did_not_store_are_red";
    let Some(world) = World::new(name, DescriptorCache::On) else { return };
    let image = Image::node_on_alpine();
    let first = world.push(TAG, image.clone().revision(FIRST));
    assert_verified(&world.gate(TAG).run(), &first.digest);
    let other = world.push(TAG, Image::empty().layer_of(64, "COPY other / # buildkit"));
    world.registry.collect_garbage();
    assert_verified(&world.gate(TAG).run(), &other.digest);
    let second = world.push(TAG, image.revision(SECOND));
    assert_eq!(second.layers, first.layers);
    assert!(second.layers.iter().all(|layer| !world.registry.stores(layer)), "a layer was stored");
    assert_failed(&world.gate(TAG).run(), &["failure layers-present"]);
}

/// Config and layers are gone, and the manifest alone was stored: a host that sends no blob at all may
/// have a storage that fails, so this is no red. It is never green.
#[test]
fn the_same_image_pushed_after_a_garbage_collection_is_not_green() {
    let name = "the_same_image_pushed_after_a_garbage_collection_is_not_green";
    let Some(world) = World::new(name, DescriptorCache::On) else { return };
    let image = Image::node_on_alpine();
    let first = world.push(TAG, image.clone());
    world.push(TAG, Image::empty().layer_of(64, "COPY other / # buildkit"));
    world.registry.collect_garbage();
    let second = world.push(TAG, image);
    assert_eq!(second.digest, first.digest);
    assert!(second.layers.iter().all(|layer| !world.registry.stores(layer)), "a layer was stored");
    let run = world.gate(TAG).run();
    assert_eq!(run.code, Some(3), "{}", run.snapshot());
    let expected =
        ["error manifest-intact", "error platform", "error layers-present", "error engines"];
    assert_eq!(unpassed(&run), expected, "{}", run.snapshot());
    assert!(!run.files.contains_key("ref"), "{}", run.snapshot());
}
