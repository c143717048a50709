//! What a search for projects asks for, as conditions on rows (contract: identity-and-sharing 9).

use wire::query::{Logic, NameQuery, PropertiesQuery, PropertyTerm, PropertyTest, TagsQuery, TimeRange};

use crate::db::{DbError, Row, Sql, Tx};
use crate::keys::{ObjectKey, ProjectKey};

/// How many conditions are tried for one that leaves few projects.
const MAX_TRIED: usize = 6;

/// Conditions on a project's own row, tags, properties and openness. What is absent matches everything.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// The name; patterns are narrowed to a range of names here and finished by [`NameQuery::matches`].
    pub name: Option<NameQuery>,
    /// One of these ids, at most 1000.
    pub ids: Option<Vec<String>>,
    /// Tags, possibly joined by `$and` and `$or`.
    pub tags: Option<TagsQuery>,
    /// Properties, likewise.
    pub properties: Option<PropertiesQuery>,
    /// When it was made; both ends count from the epoch.
    pub created: TimeRange,
    /// One of these regions.
    pub regions: Option<Vec<String>>,
    /// One of these payers.
    pub bill_to: Option<Vec<String>>,
    /// The flag of this name.
    pub contains_phi: Option<bool>,
    /// The flag of this name.
    pub external_upload_restricted: Option<bool>,
    /// Whether everybody may see it.
    pub public: Option<bool>,
    /// An object that has a copy in it.
    pub holds: Option<ObjectKey>,
}

impl Filter {
    /// Appends ` and <condition>` for each condition, on the table alias `p`.
    pub(crate) fn push(&self, sql: &mut Sql) {
        if let Some(name) = &self.name {
            push_name(sql, name);
        }
        for (column, wanted) in [
            (" and p.id in (", &self.ids),
            (" and p.region in (", &self.regions),
            (" and p.bill_to in (", &self.bill_to),
        ] {
            if let Some(wanted) = wanted {
                sql.push(column).bind_list(wanted.iter()).push(")");
            }
        }
        if let Some(after) = self.created.after {
            sql.push(" and p.created >= ").bind(after.0);
        }
        if let Some(before) = self.created.before {
            sql.push(" and p.created <= ").bind(before.0);
        }
        if let Some(set) = self.contains_phi {
            sql.push(" and p.contains_phi = ").bind(set);
        }
        if let Some(set) = self.external_upload_restricted {
            sql.push(" and p.external_upload_restricted = ").bind(set);
        }
        if let Some(public) = self.public {
            sql.push(if public { " and exists (" } else { " and not exists (" });
            sql.push("select 1 from project_grant x where x.project = p.key and x.principal = 'PUBLIC')");
        }
        if let Some(object) = self.holds {
            // A list, so that what is read is the copies of the object and not all projects of a person.
            sql.push(" and p.key in (select c.project from placement c where c.object = ")
                .bind(object)
                .push(")");
        }
        if let Some(tags) = &self.tags {
            sql.push(" and ");
            push_logic(sql, &tags.0, &push_tag);
        }
        if let Some(properties) = &self.properties {
            sql.push(" and ");
            push_logic(sql, &properties.0, &push_property);
        }
    }

    /// The keys of the projects that one of the conditions leaves, where ids are named or one leaves at most `most` of the
    /// whole platform. They are read from that condition's own index, at most `most` and one for each.
    pub(crate) fn few(&self, tx: &Tx, most: usize) -> Result<Option<Vec<ProjectKey>>, DbError> {
        let keys = |rows: Vec<Row>| rows.iter().map(|row| row.get(0)).collect::<Result<_, _>>().map(Some);
        if let Some(ids) = &self.ids {
            let mut sql = Sql::new("select p.key from project p where p.id in (");
            return keys(tx.query_sql(sql.bind_list(ids.iter()).push(")"))?);
        }
        let enough = i64::try_from(most.saturating_add(1)).unwrap_or(i64::MAX);
        for mut sql in self.selective() {
            let rows = tx.query_sql(sql.push(" limit ").bind(enough))?;
            if rows.len() <= most {
                return keys(rows);
            }
        }
        Ok(None)
    }

    /// A select of the keys that it leaves, for each condition that has an index of its own.
    fn selective(&self) -> Vec<Sql> {
        let mut all = Vec::new();
        if let Some(object) = self.holds {
            let mut sql = Sql::new("select c.project from placement c where c.object = ");
            sql.bind(object);
            all.push(sql);
        }
        if let Some(exact) = self.name.as_ref().and_then(NameQuery::as_exact) {
            let mut sql = Sql::new("select p.key from project p where p.name = ");
            sql.bind(exact);
            all.push(sql);
        }
        for tag in self.tags.iter().flat_map(|tags| required(&tags.0)) {
            let mut sql = Sql::new("select t.project from project_tag t where t.tag = ");
            sql.bind(tag);
            all.push(sql);
        }
        for term in self.properties.iter().flat_map(|properties| required(&properties.0)) {
            let PropertyTest::Equals(value) = &term.test else { continue };
            let mut sql = Sql::new("select q.project from project_property q where q.name = ");
            sql.bind(&term.key).push(" and q.value = ").bind(value);
            all.push(sql);
        }
        all.truncate(MAX_TRIED);
        all
    }

    /// Whether a row that fulfils the conditions fulfils what they leave open.
    #[must_use]
    pub fn finishes(&self, name: &str) -> bool {
        self.name.as_ref().is_none_or(|wanted| wanted.matches(name))
    }
}

fn push_name(sql: &mut Sql, name: &NameQuery) {
    if let Some(exact) = name.as_exact() {
        sql.push(" and p.name = ").bind(exact);
        return;
    }
    let prefix = name.literal_prefix();
    if !prefix.is_empty() {
        sql.push(" and p.name >= ").bind(prefix.as_ref());
        if let Some(end) = crate::text::after_prefix(&prefix) {
            sql.push(" and p.name < ").bind(end);
        }
    }
}

fn push_tag(sql: &mut Sql, tag: &String) {
    sql.push("exists (select 1 from project_tag t where t.project = p.key and t.tag = ").bind(tag).push(")");
}

fn push_property(sql: &mut Sql, term: &PropertyTerm) {
    sql.push(if term.test == PropertyTest::Absent { "not exists (" } else { "exists (" });
    sql.push("select 1 from project_property q where q.project = p.key and q.name = ").bind(&term.key);
    match &term.test {
        PropertyTest::Equals(value) => {
            sql.push(" and q.value = ").bind(value);
        }
        PropertyTest::Differs(value) => {
            sql.push(" and q.value <> ").bind(value);
        }
        PropertyTest::Present | PropertyTest::Absent => {}
    }
    sql.push(")");
}

/// The terms that must all hold for the whole to hold.
pub(crate) fn required<T>(logic: &Logic<T>) -> Vec<&T> {
    match logic {
        Logic::Term(term) => vec![term],
        Logic::All(parts) => parts.iter().flat_map(required).collect(),
        Logic::Any(parts) => match &parts[..] {
            [only] => required(only),
            _ => Vec::new(),
        },
    }
}

/// Appends terms joined as the filter joins them. Long lists are halved into nested pairs, because databases limit how
/// deep an expression is, and `a and b and c` is as deep as it is long.
pub(crate) fn push_logic<T>(sql: &mut Sql, logic: &Logic<T>, term: &impl Fn(&mut Sql, &T)) {
    match logic {
        Logic::Term(one) => term(sql, one),
        Logic::All(parts) => push_parts(sql, parts, " and ", "1 = 1", term),
        Logic::Any(parts) => push_parts(sql, parts, " or ", "1 = 0", term),
    }
}

fn push_parts<T>(
    sql: &mut Sql,
    parts: &[Logic<T>],
    between: &'static str,
    of_none: &'static str,
    term: &impl Fn(&mut Sql, &T),
) {
    match parts {
        [] => {
            sql.push(of_none);
        }
        [one] => push_logic(sql, one, term),
        _ => {
            let (left, right) = parts.split_at(parts.len() / 2);
            sql.push("(");
            push_parts(sql, left, between, of_none, term);
            sql.push(between);
            push_parts(sql, right, between, of_none, term);
            sql.push(")");
        }
    }
}
