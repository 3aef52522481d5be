//! What the program says of images that another program pushed into another registry.

use reqwest::Method;

use crate::registry::DescriptorCache;
use crate::skopeo;
use crate::stand_in::{Image, Index, Origin};
use crate::world::{REPOSITORY, TAG, World, assert_failed, assert_verified, unpassed};

const FIRST: &str = "1111111111111111111111111111111111111111";
const SECOND: &str = "2222222222222222222222222222222222222222";

#[test]
fn a_pushed_image_is_green_and_a_tag_that_was_never_pushed_is_red() {
    let name = "a_pushed_image_is_green_and_a_tag_that_was_never_pushed_is_red";
    let Some(world) = World::new(name, DescriptorCache::On) else { return };
    let pushed = world.push(TAG, Image::node_on_alpine().revision(FIRST));
    assert_eq!(skopeo::digest(&world.target(TAG), world.stand_in.token()), pushed.digest);
    world.stand_in.clear_log();
    let run = world.gate(TAG).arg(format!("--expect-revision={FIRST}")).args("--port 5001").run();
    assert_verified(&run, &pushed.digest);
    assert_eq!(world.stand_in.asked_at(Origin::Api).len(), 1, "one token, and nothing of the API");
    assert_failed(&world.gate("never-pushed").run(), &["failure tag-exists"]);
}

#[test]
fn an_image_in_dockers_media_types_is_green() {
    let name = "an_image_in_dockers_media_types_is_green";
    let Some(world) = World::new(name, DescriptorCache::Off) else { return };
    let (token, target) = (world.stand_in.token(), world.target(TAG));
    let image = Image::node_on_alpine().into();
    skopeo::push(&image, &target, token, &["--format", "v2s2"]);
    assert_verified(&world.gate(TAG).run(), &skopeo::digest(&target, token));
}

#[test]
fn an_index_is_green_on_every_platform_that_it_has() {
    let name = "an_index_is_green_on_every_platform_that_it_has";
    let Some(world) = World::new(name, DescriptorCache::On) else { return };
    let image = Image::node_on_alpine().revision(FIRST);
    let pushed = world.push(TAG, Index::of_two_platforms(&image));
    assert_verified(&world.gate(TAG).run(), &pushed.digest);
    let one = world.gate(TAG).args("--platform linux/arm64").run();
    assert_verified(&one, &pushed.digest);
    let none = world.gate(TAG).args("--platform linux/s390x").run();
    assert_failed(&none, &["failure platform"]);
}

#[test]
fn a_tag_that_was_pushed_twice_names_the_second_image() {
    let name = "a_tag_that_was_pushed_twice_names_the_second_image";
    let Some(world) = World::new(name, DescriptorCache::On) else { return };
    let first = world.push(TAG, Image::node_on_alpine().revision(FIRST));
    let second = world.push(TAG, Image::node_on_alpine().revision(SECOND));
    assert_ne!(first.digest, second.digest);
    let stale = world.gate(TAG).args(&format!("--expect-digest {}", first.digest)).run();
    assert_failed(&stale, &["failure digest-expected"]);
    let commit = world.gate(TAG).arg(format!("--expect-revision={FIRST}")).run();
    assert_failed(&commit, &["failure revision-expected"]);
    let run = world.gate(TAG).args(&format!("--expect-digest {}", second.digest)).run();
    assert_verified(&run, &second.digest);
}

#[test]
fn a_layer_whose_bytes_are_gone_is_red() {
    layer_is_lost("a_layer_whose_bytes_are_gone_is_red", DescriptorCache::Off);
}

#[test]
fn a_layer_that_the_registry_promises_and_does_not_have_is_red() {
    let name = "a_layer_that_the_registry_promises_and_does_not_have_is_red";
    layer_is_lost(name, DescriptorCache::On);
}

#[track_caller]
fn layer_is_lost(test: &str, cache: DescriptorCache) {
    let Some(world) = World::new(test, cache) else { return };
    let pushed = world.push(TAG, Image::node_on_alpine());
    assert_verified(&world.gate(TAG).run(), &pushed.digest);
    world.registry.lose(&pushed.layers[1]);
    assert_failed(&world.gate(TAG).run(), &["failure layers-present"]);
}

/// The size that a registry remembers, and the first byte, look whole.
#[test]
fn a_layer_that_ends_too_early_is_red() {
    for cache in [DescriptorCache::Off, DescriptorCache::On] {
        let Some(world) = World::new("a_layer_that_ends_too_early_is_red", cache) else { return };
        let pushed = world.push(TAG, Image::node_on_alpine());
        assert_verified(&world.gate(TAG).run(), &pushed.digest);
        world.registry.cut(&pushed.layers[1], 1);
        assert_failed(&world.gate(TAG).run(), &["failure layers-present"]);
    }
}

/// The premise of the tests above: what makes a check by `HEAD` worthless, and what a `GET` looks like
/// when the bytes are gone.
#[test]
fn a_registry_that_remembers_a_lost_layer_says_that_it_is_there_and_sends_nothing() {
    let name = "a_registry_that_remembers_a_lost_layer_says_that_it_is_there_and_sends_nothing";
    for (cache, head, get) in [
        (DescriptorCache::Off, (404, Some(0)), (404, Some(157))),
        (DescriptorCache::On, (200, Some(0)), (206, None)),
    ] {
        let Some(world) = World::new(name, cache) else { return };
        let pushed = world.push(TAG, Image::node_on_alpine());
        let layer = &pushed.layers[1];
        assert_eq!(blob(&world, Method::GET, layer), (206, Some(1)), "{cache:?}");
        world.registry.lose(layer);
        assert_eq!(blob(&world, Method::HEAD, layer), head, "{cache:?}");
        assert_eq!(blob(&world, Method::GET, layer), get, "{cache:?}");
        assert_eq!(blob(&world, Method::GET, &pushed.layers[0]), (206, Some(1)), "{cache:?}");
    }
}

/// Status and length of the body of a blob (by `GET`: of its first byte); `None`: it was cut.
fn blob(world: &World, method: Method, digest: &str) -> (u16, Option<usize>) {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let client = reqwest::Client::builder().no_proxy().tls_certs_only([]).build().unwrap();
        let url = format!("{}/v2/registry/auth", world.stand_in.url(Origin::Api));
        let scope = format!("repository:{REPOSITORY}:pull");
        let asked = client.get(url).query(&[("scope", scope)]);
        let asked = asked.basic_auth("t", Some(world.stand_in.token()));
        let answer = asked.send().await.unwrap().bytes().await.unwrap();
        let answer: serde_json::Value = serde_json::from_slice(&answer).unwrap();
        let token = answer["token"].as_str().unwrap();
        let url = format!("http://{}/v2/{REPOSITORY}/blobs/{digest}", world.registry.host());
        let ranged = method == Method::GET;
        let asked = client.request(method, url).bearer_auth(token);
        let asked = if ranged { asked.header("range", "bytes=0-0") } else { asked };
        let answer = asked.send().await.unwrap();
        let status = answer.status().as_u16();
        (status, answer.bytes().await.ok().map(|body| body.len()))
    })
}

#[test]
fn a_token_that_is_not_accepted_is_undecided() {
    let name = "a_token_that_is_not_accepted_is_undecided";
    let Some(world) = World::new(name, DescriptorCache::On) else { return };
    world.push(TAG, Image::node_on_alpine());
    let run = world.gate(TAG).token("dop_v1_of-somebody-else-altogether").run();
    assert_eq!(run.code, Some(4), "{}", run.snapshot());
    assert!(unpassed(&run).iter().all(|check| check.starts_with("error ")), "{}", run.snapshot());
}

#[test]
fn a_registry_that_is_down_is_undecided() {
    let name = "a_registry_that_is_down_is_undecided";
    let Some(world) = World::new(name, DescriptorCache::On) else { return };
    world.push(TAG, Image::node_on_alpine());
    world.registry.stop();
    let run = world.gate(TAG).run();
    assert_eq!(run.code, Some(3), "{}", run.snapshot());
}
