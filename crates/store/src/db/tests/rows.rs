//! Binding, typing and reading.

use crate::db::testing::TestDatabase;
use crate::db::{Db, DbError, Row, Sql, Tx, Value};
use crate::params;

super::on_both! {
    parameters_may_appear_in_any_order;
    every_type_comes_back_as_it_was;
    null_fits_every_column;
    a_wrong_type_is_an_error;
    a_statement_must_use_exactly_its_values;
    built_statements_bind_their_values;
    user_text_stays_a_value;
    rows_are_counted;
    text_sorts_by_bytes;
    broken_rules_are_named_alike;
    refused_values_are_refused_alike;
    keys_are_never_used_twice;
    one_statement_at_a_time;
    a_query_may_change_and_return;
}

async fn write<T: Send + 'static>(
    db: &Db,
    f: impl FnMut(&Tx) -> Result<T, DbError> + Send + 'static,
) -> Result<T, DbError> {
    db.write(f).await
}

async fn read<T: Send + 'static>(
    db: &Db,
    f: impl FnMut(&Tx) -> Result<T, DbError> + Send + 'static,
) -> Result<T, DbError> {
    db.read(f).await
}

async fn parameters_may_appear_in_any_order(test: TestDatabase) {
    let row = write(&test.db, |tx| {
        tx.execute("insert into counter (value, name) values ($2, $1)", params!["a", 7])?;
        tx.query_one(
            "select name, value from counter where value = $2 and name = $1 and $2 = value",
            params!["a", 7],
        )
    })
    .await
    .unwrap();
    assert_eq!((row.get::<String>(0).unwrap(), row.get::<i64>(1).unwrap()), ("a".to_owned(), 7));
}

async fn every_type_comes_back_as_it_was(test: TestDatabase) {
    let big = "Grüße, \u{1F9EC}".repeat(1000);
    let text = big.clone();
    let row = write(&test.db, move |tx| {
        tx.query_one(
            "insert into account (email, score, photo) values ($1, $2, $3) returning id, email, score, photo, boss",
            params![text.as_str(), 0.1, vec![0_u8, 255, 39]],
        )
    })
    .await
    .unwrap();
    let expected =
        [Value::Int(1), Value::Text(big), Value::Real(0.1), Value::Blob(vec![0, 255, 39]), Value::Null];
    assert_eq!(row, Row { columns: expected.to_vec() });

    let row = read(&test.db, |tx| {
        tx.query_one(
            "select exists (select 1 from account), 1, count(*), cast($1 as bigint), cast($2 as bigint), 'x', null from account",
            params![i64::MIN, i64::MAX],
        )
    })
    .await
    .unwrap();
    assert!(row.get::<bool>(0).unwrap());
    assert_eq!(row.get::<u32>(1).unwrap(), 1);
    assert_eq!(row.get::<u64>(2).unwrap(), 1);
    assert_eq!(row.get::<i64>(3).unwrap(), i64::MIN);
    assert_eq!(row.get::<i64>(4).unwrap(), i64::MAX);
    assert_eq!(row.get::<String>(5).unwrap(), "x");
    assert_eq!(row.get::<Option<String>>(6).unwrap(), None);
}

async fn null_fits_every_column(test: TestDatabase) {
    let rows = write(&test.db, |tx| {
        let insert = "insert into account (email, score, photo, boss) values ($1, $2, $3, $4)";
        tx.execute(insert, params!["null@x", None::<f64>, None::<Vec<u8>>, None::<i64>])?;
        // The same text with values, then with nulls again.
        tx.execute(insert, params!["full@x", 1.5, vec![1_u8], 1])?;
        tx.execute(insert, params!["mixed@x", None::<f64>, vec![2_u8], None::<i64>])?;
        tx.query("select score, photo, boss from account order by id", &[])
    })
    .await
    .unwrap();
    let full = [Value::Real(1.5), Value::Blob(vec![1]), Value::Int(1)];
    let mixed = [Value::Null, Value::Blob(vec![2]), Value::Null];
    let read: Vec<Vec<Value>> = rows.into_iter().map(Row::into_values).collect();
    assert_eq!(read, [vec![Value::Null; 3], full.to_vec(), mixed.to_vec()]);
}

async fn a_wrong_type_is_an_error(test: TestDatabase) {
    let row = read(&test.db, |tx| tx.query_one("select 'x', -1, cast(null as bigint)", &[])).await.unwrap();
    let errors = [
        row.get::<i64>(0).unwrap_err(),
        row.get::<u32>(1).unwrap_err(),
        row.get::<bool>(1).unwrap_err(),
        row.get::<i64>(2).unwrap_err(),
        row.get::<i64>(3).unwrap_err(),
    ];
    assert_eq!(
        errors.map(|error| error.to_string()),
        [
            "Column 0 holds text, but an integer was asked for.",
            "Column 1 holds an integer, but an integer from 0 to 4294967295 was asked for.",
            "Column 1 holds an integer, but 0 or 1 was asked for.",
            "Column 2 holds null, but an integer was asked for.",
            "Column 3 holds nothing (the row has fewer columns), but an integer was asked for.",
        ]
    );
}

async fn a_statement_must_use_exactly_its_values(test: TestDatabase) {
    let wrong: [(&'static str, Vec<Value>); 4] = [
        ("select name from counter where name = $1", params![].to_vec()),
        ("select name from counter where name = $1", params!["a", "b"].to_vec()),
        ("select name from counter where name = $2", params!["a", "b"].to_vec()),
        ("select name from counter where name = ?", params!["a"].to_vec()),
    ];
    for (sql, values) in wrong {
        let result = read(&test.db, move |tx| tx.query(sql, &values)).await;
        assert!(result.is_err(), "{sql}");
    }
}

async fn built_statements_bind_their_values(test: TestDatabase) {
    let names = write(&test.db, |tx| {
        for (name, value) in [("a", 1), ("b", 2), ("c", 3)] {
            let mut insert = Sql::new("insert into counter (name, value) values (");
            insert.bind(name).push(", ").bind(value).push(")");
            assert_eq!(tx.execute_sql(&insert)?, 1);
        }
        let mut condition = Sql::new(" and name in (");
        condition.bind_list(["a", "c", "x"]).push(")");
        let mut select = Sql::new("select name from counter where value <= ");
        select.bind(3).push_sql(condition).push(" order by name");
        let mut none = Sql::new("select name from counter where name in (");
        none.bind_list(Vec::<String>::new()).push(")");
        assert_eq!(tx.query_sql(&none)?.len(), 0);
        tx.query_sql(&select)
    })
    .await
    .unwrap();
    let names: Vec<String> = names.iter().map(|row| row.get(0).unwrap()).collect();
    assert_eq!(names, ["a", "c"]);
}

async fn user_text_stays_a_value(test: TestDatabase) {
    let hostile = "x'); drop table counter; --";
    let back = write(&test.db, move |tx| {
        let mut insert = Sql::new("insert into counter (name, value) values (");
        insert.bind(hostile).push(", 1)");
        tx.execute_sql(&insert)?;
        tx.query_one("select name from counter", &[])?.get::<String>(0)
    })
    .await
    .unwrap();
    assert_eq!(back, hostile);
}

async fn rows_are_counted(test: TestDatabase) {
    write(&test.db, |tx| {
        assert_eq!(tx.execute("insert into counter (name, value) values ('a', 1), ('b', 2)", &[])?, 2);
        let ignore = "insert into counter (name, value) values ('a', 1) on conflict do nothing";
        assert_eq!(tx.execute(ignore, &[])?, 0);
        assert_eq!(tx.execute("update counter set value = 5 where name = 'none'", &[])?, 0);
        assert_eq!(tx.execute("update counter set value = value + 1 returning name", &[])?, 2);
        assert_eq!(tx.query_opt("select 1 from counter where name = 'none'", &[])?, None);
        let none = tx.query_one("select 1 from counter where name = 'none'", &[]).unwrap_err();
        assert_eq!(none.to_string(), "The database answered with 0 rows where one was expected.");
        let many = tx.query_opt("select 1 from counter", &[]).unwrap_err();
        assert_eq!(many.to_string(), "The database answered with 2 rows where at most one was expected.");
        Ok(())
    })
    .await
    .unwrap();
}

async fn text_sorts_by_bytes(test: TestDatabase) {
    let rows = write(&test.db, |tx| {
        for name in ["b", "a", "B", "é", "_", "Z", "ab", "a b"] {
            tx.execute("insert into counter (name, value) values ($1, 0)", params![name])?;
        }
        tx.query("select name from counter order by name", &[])
    })
    .await
    .unwrap();
    let names: Vec<String> = rows.iter().map(|row| row.get(0).unwrap()).collect();
    assert_eq!(names, ["B", "Z", "_", "a", "a b", "ab", "b", "é"]);
}

async fn broken_rules_are_named_alike(test: TestDatabase) {
    let insert = "insert into account (email, boss) values ($1, $2)";
    write(&test.db, move |tx| tx.execute(insert, params!["a@x", None::<i64>])).await.unwrap();

    let twice = write(&test.db, move |tx| tx.execute(insert, params!["a@x", None::<i64>])).await.unwrap_err();
    assert!(twice.is_unique_on("account.email"), "{twice:?}");
    assert_eq!(twice.to_string(), "There is already a row with the same account.email.");

    let by_index = "insert into label (name) values ('x'), ('X')";
    let by_index = write(&test.db, move |tx| tx.execute(by_index, &[])).await.unwrap_err();
    assert_eq!(by_index, DbError::Unique { constraint: "label_lower".to_owned() });

    let by_key = "insert into counter (name, value) values ('k', 1), ('k', 2)";
    let by_key = write(&test.db, move |tx| tx.execute(by_key, &[])).await.unwrap_err();
    assert!(by_key.is_unique_on("counter.name"), "{by_key:?}");

    let statements: [(&'static str, Vec<Value>); 3] = [
        (insert, params!["b@x", 99].to_vec()),
        ("insert into counter (name, value) values ($1, -1)", params!["n"].to_vec()),
        ("insert into counter (name, value) values ($1, null)", params!["n"].to_vec()),
    ];
    for (sql, values) in statements {
        let error = write(&test.db, move |tx| tx.execute(sql, &values)).await.unwrap_err();
        assert!(matches!(error, DbError::Constraint { .. } | DbError::NulInText), "{sql}: {error:?}");
    }
}

async fn refused_values_are_refused_alike(test: TestDatabase) {
    for value in [Value::Text("a\0b".to_owned()), Value::Real(f64::NAN)] {
        let error = write(&test.db, move |tx| {
            let column = if matches!(value, Value::Real(_)) { "score" } else { "email" };
            let mut insert = Sql::new("insert into account (email, ");
            insert.push(column).push(") values ('x', ").bind(value.clone()).push(")");
            tx.execute_sql(&insert)
        })
        .await
        .unwrap_err();
        assert!(matches!(error, DbError::Constraint { .. } | DbError::NulInText), "{error:?}");
    }
    let too_many: Vec<Value> = (0..40_000).map(Value::Int).collect();
    let error = read(&test.db, move |tx| {
        let mut sql = Sql::new("select 1 from counter where value in (");
        sql.bind_list(too_many.clone()).push(")");
        tx.query_sql(&sql)
    })
    .await
    .unwrap_err();
    assert!(error.to_string().contains("at most 32766"), "{error}");
}

async fn keys_are_never_used_twice(test: TestDatabase) {
    let ids = write(&test.db, |tx| {
        let insert = "insert into account (email) values ($1) returning id";
        let mut ids = Vec::new();
        for email in ["a", "b"] {
            ids.push(tx.query_one(insert, params![email])?.get::<i64>(0)?);
        }
        tx.execute("delete from account", &[])?;
        ids.push(tx.query_one(insert, params!["c"])?.get(0)?);
        Ok(ids)
    })
    .await
    .unwrap();
    assert_eq!(ids, [1, 2, 3]);
}

async fn one_statement_at_a_time(test: TestDatabase) {
    let two = "delete from counter; delete from account";
    assert!(write(&test.db, move |tx| tx.execute(two, &[])).await.is_err());
}

async fn a_query_may_change_and_return(test: TestDatabase) {
    let claim = "update counter set value = 0 where name = (select name from counter where value = 1 order by name limit 1) \
                 and value = 1 returning name";
    let claimed = write(&test.db, move |tx| {
        tx.execute("insert into counter (name, value) values ('j1', 1), ('j2', 1)", &[])?;
        let mut claimed = Vec::new();
        while let Some(row) = tx.query_opt(claim, &[])? {
            claimed.push(row.get::<String>(0)?);
        }
        Ok(claimed)
    })
    .await
    .unwrap();
    assert_eq!(claimed, ["j1", "j2"]);
}
