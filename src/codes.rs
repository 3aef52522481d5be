//! The macro that makes an enum of stable codes, each with its meaning and what to do: one table for the program and its
//! documentation.

/// `Name; Variant = "code", "meaning", "advice"; …`
macro_rules! codes {
    (
        $(#[$about:meta])* $name:ident;
        $($(#[doc = $doc:literal])* $variant:ident = $code:literal, $meaning:literal, $advice:literal;)*
    ) => {
        $(#[$about])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $name {
            $($(#[doc = $doc])* $variant,)*
        }

        impl $name {
            /// Every one, in the order of the documentation's table.
            pub const ALL: &[Self] = &[$(Self::$variant,)*];

            /// The code that every output uses.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $code,)* }
            }

            /// What it means, as a sentence.
            pub fn meaning(self) -> &'static str {
                match self { $(Self::$variant => $meaning,)* }
            }

            /// What to do.
            pub fn advice(self) -> &'static str {
                match self { $(Self::$variant => $advice,)* }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.as_str())
            }
        }
    };
}

pub(crate) use codes;
