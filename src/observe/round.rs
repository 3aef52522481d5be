//! Which look at an image it is, and what need not be asked for in it.

use crate::digitalocean::Moment;
use crate::observation::{Observation, PlatformObservation};
use crate::oci::Digest;

/// What a wait makes of an image that has been looked at in part.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Prospect {
    /// It may be the one that is waited for.
    Open,
    /// It may be the one, and something else is still missing.
    Incomplete,
    /// It is another image than the expected one.
    Another,
}

/// Which look at an image it is.
#[derive(Clone, Copy)]
pub(crate) enum Round<'a> {
    /// The only one.
    Only,
    /// One of a wait.
    OfWait {
        /// Its place in the wait.
        moment: Moment,
        /// What the look before saw.
        previous: Option<&'a Observation>,
        /// Judges what has been seen so far.
        judge: &'a (dyn Fn(&Observation) -> Prospect + Sync),
    },
}

impl<'a> Round<'a> {
    pub(super) fn moment(self) -> Moment {
        match self {
            Self::Only => Moment::First,
            Self::OfWait { moment, .. } => moment,
        }
    }

    /// Why the layers need not be asked for, as far as the image is known.
    pub(super) fn leaves_out_layers(self, seen: &Observation) -> Option<&'static str> {
        let Self::OfWait { moment, judge, .. } = self else { return None };
        match judge(seen) {
            Prospect::Open => None,
            Prospect::Incomplete if moment == Moment::Last => None,
            Prospect::Incomplete => {
                Some("the image is not complete, so its layers were not requested yet")
            }
            Prospect::Another => {
                Some("it is another image than the expected one, so its layers were not requested")
            }
        }
    }

    /// What the look before saw of the same manifest, as far as it can be taken again: no yes is made of it.
    pub(super) fn known(self, digest: &Digest) -> Option<&'a Observation> {
        // The last look is what the run ends with.
        let Self::OfWait { moment: Moment::Between, previous, .. } = self else { return None };
        previous.filter(|previous| {
            let same = previous.resolved.present().is_some_and(|known| known.digest == *digest);
            let is_read =
                |image: &PlatformObservation| image.config.present().is_some_and(Result::is_ok);
            same && !previous.images.is_empty() && previous.images.iter().all(is_read)
        })
    }
}
