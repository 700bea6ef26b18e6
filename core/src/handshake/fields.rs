//! The header fields of a head (RFC 9110 section 5).

/// A header field as it was sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Field {
    /// Its name, as spelled.
    pub name: String,
    /// Its value without the white space around it; what is no UTF-8 becomes U+FFFD.
    pub value: String,
}

/// All fields of a head, in their order, repeats included.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Fields(pub(super) Vec<Field>);

impl Fields {
    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = &Field> {
        self.0.iter()
    }

    /// The values of every field of that name, in any spelling.
    pub fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.0
            .iter()
            .filter(move |field| field.name.eq_ignore_ascii_case(name))
            .map(|field| field.value.as_str())
    }

    /// The first value of that name.
    #[must_use]
    pub fn get<'a>(&'a self, name: &'a str) -> Option<&'a str> {
        self.all(name).next()
    }

    /// The items of a field that is a list, over all its repeats.
    pub fn items<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.all(name).flat_map(|value| value.split(',')).map(str::trim).filter(|item| !item.is_empty())
    }

    /// Whether a list holds `word`, in any spelling.
    #[must_use]
    pub fn lists(&self, name: &str, word: &str) -> bool {
        self.items(name).any(|item| item.eq_ignore_ascii_case(word))
    }
}
