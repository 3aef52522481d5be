use proptest::prelude::*;

use super::*;

const DIGEST: &str = "sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a";

fn row(environment: &str, service: &str, light: Light) -> BoardRow {
    let at = |text: &str| Some(text.parse().unwrap());
    BoardRow {
        environment: environment.to_owned(),
        service: service.to_owned(),
        line: Some(ServiceLine {
            light,
            reference: Some(format!(
                "registry.digitalocean.com/keepkey/{service}:latest-dev@{DIGEST}"
            )),
            since: at("2026-11-20T08:00:00Z"),
            verified: at("2026-11-25T09:30:02Z"),
        }),
        pipeline: Pipeline::This(Some("https://circleci.com/gh/keepkey/x/42".to_owned())),
    }
}

fn two() -> Vec<BoardRow> {
    vec![
        row("development", "support-email", Light::Green),
        row("production", "billing", Light::Red),
    ]
}

#[test]
fn a_board_is_added_to_a_file_that_has_none() {
    let board = updated("# Status\n\nBy hand.\n", &two()).unwrap();
    insta::assert_snapshot!(board, @r"
    # Status

    By hand.

    <!-- BEGIN verify-registry-image -->

    GREEN: the registry served this image, whole, and it passed every check that applies to it. RED: it is missing, broken, or not the one that was meant. Neither says what is deployed or healthy.

    <!-- prettier-ignore -->
    | Environment | Service | Status | Image | Digest | Since | Last verified | Pipeline |
    | --- | --- | --- | --- | --- | --- | --- | --- |
    | development | support-email | 🟢 GREEN | `registry.digitalocean.com/keepkey/support-email:latest-dev` | `sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a` | 2026-11-20T08:00:00Z | 2026-11-25T09:30:02Z | [job](<https://circleci.com/gh/keepkey/x/42>) |
    | production | billing | 🔴 RED | `registry.digitalocean.com/keepkey/billing:latest-dev` | `sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a` | 2026-11-20T08:00:00Z | 2026-11-25T09:30:02Z | [job](<https://circleci.com/gh/keepkey/x/42>) |

    <!-- END verify-registry-image -->
    ");
}

#[test]
fn one_row_changes_and_everything_else_keeps_its_bytes() {
    let old = format!(
        "\u{feff}# Status  \r\n| Environment | Status |\r\n|---|---|\r\n| Local | RED |\r\n\r\n{BEGIN}\r\n\r\n\
         Ask Ann.\r\n\r\n\
         |  Environment | Service | Status | Image | Digest | Since | Last verified | Pipeline |\r\n\
         |:---|---|---|---|---|---|---|---|\r\n\
         | staging |  by hand  | 🟡 YELLOW | a \\| b | | |  | \r\n\
         | development | support-email | 🔴 RED | – | – | – | – | – |\r\n\
         | development | other | x | x | x | x | x | x |\r\n\
         \r\nbelow\r\n{END}\r\n\r\nlast line without a newline"
    );
    let new = updated(&old, &two()).unwrap();
    insta::assert_snapshot!(new.replace('\r', "␍").replace('\u{feff}', "<BOM>"), @r"
    <BOM># Status  ␍
    | Environment | Status |␍
    |---|---|␍
    | Local | RED |␍
    ␍
    <!-- BEGIN verify-registry-image -->␍
    ␍
    Ask Ann.␍
    ␍
    |  Environment | Service | Status | Image | Digest | Since | Last verified | Pipeline |␍
    |:---|---|---|---|---|---|---|---|␍
    | staging |  by hand  | 🟡 YELLOW | a \| b | | |  | ␍
    | development | support-email | 🟢 GREEN | `registry.digitalocean.com/keepkey/support-email:latest-dev` | `sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a` | 2026-11-20T08:00:00Z | 2026-11-25T09:30:02Z | [job](<https://circleci.com/gh/keepkey/x/42>) |␍
    | development | other | x | x | x | x | x | x |␍
    | production | billing | 🔴 RED | `registry.digitalocean.com/keepkey/billing:latest-dev` | `sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a` | 2026-11-20T08:00:00Z | 2026-11-25T09:30:02Z | [job](<https://circleci.com/gh/keepkey/x/42>) |␍
    ␍
    below␍
    <!-- END verify-registry-image -->␍
    ␍
    last line without a newline
    ");
    assert_eq!(
        new.matches('\n').count(),
        new.matches("\r\n").count(),
        "every line end is the file's own"
    );
}

#[test]
fn a_board_that_is_up_to_date_stays_as_it_is() {
    let board = updated("", &two()).unwrap();
    assert_eq!(updated(&board, &two()), Ok(board.clone()));
    assert_eq!(updated(&board, &[]), Ok(board.clone()), "rows of others stay");
    let mut kept = two();
    kept[0].pipeline = Pipeline::Kept;
    kept[1].pipeline = Pipeline::Kept;
    assert_eq!(updated(&board, &kept), Ok(board.clone()), "the links of other runs stay");
    let mut this = two();
    this[0].pipeline = Pipeline::This(Some("https://circleci.com/gh/keepkey/x/43".to_owned()));
    assert_eq!(
        updated(&board, &this).unwrap().matches("/43>").count(),
        1,
        "this run's link is new"
    );
    kept[1].line.as_mut().unwrap().light = Light::Green;
    let changed = updated(&board, &kept).unwrap();
    assert_eq!(changed.matches("[job]").count(), 1, "a row that changed has lost its run's link");
}

#[test]
fn a_new_service_stands_below_its_environment() {
    let board = updated("", &two()).unwrap();
    let new = updated(
        &board,
        &[row("development", "search", Light::Green), row("canary", "a", Light::Red)],
    );
    let new = new.unwrap();
    let order: Vec<String> = new
        .lines()
        .filter(|line| line.contains("latest-dev"))
        .map(|line| cells(line)[..2].join("/"))
        .collect();
    assert_eq!(
        order,
        ["development/support-email", "development/search", "production/billing", "canary/a"]
    );
}

#[test]
fn a_service_that_stands_twice_stands_once() {
    let board = updated("", &two()).unwrap();
    let line = board.lines().find(|line| line.starts_with("| development")).unwrap();
    let doubled = board.replacen(line, &format!("{line}\n{line}"), 1);
    assert_eq!(updated(&doubled, &two()), Ok(board));
}

#[test]
fn broken_markers_are_refused() {
    let refused = |text: &str| updated(text, &two()).unwrap_err();
    assert_eq!(refused(&format!("a\n{BEGIN}\n")), BoardError::NoEnd);
    assert_eq!(refused(&format!("a\n{END}\n")), BoardError::NoBegin);
    assert_eq!(refused(&format!("{END}\n{BEGIN}\n")), BoardError::Reversed);
    assert_eq!(refused(&format!("{BEGIN}\n{BEGIN}\n{END}\n")), BoardError::Doubled(BEGIN));
    assert_eq!(refused(&format!("{BEGIN}\n{END}\n{END}\n")), BoardError::Doubled(END));
    let again = format!("{BEGIN}\n{END}\n");
    assert_eq!(refused(&again.repeat(2)), BoardError::Doubled(BEGIN));
    // A marker in the middle of a line is a text about markers.
    let text = format!("Between `{BEGIN}` and `{END}` stands the board.\n");
    assert!(updated(&text, &two()).unwrap().starts_with(&text));
    assert_eq!(refused(&format!("{BEGIN} x\n{END}\n")), BoardError::NoBegin);
}

#[test]
fn each_refusal_says_what_to_do() {
    let said: Vec<String> = [
        BoardError::NoBegin,
        BoardError::NoEnd,
        BoardError::Reversed,
        BoardError::Doubled(END),
        BoardError::Columns,
    ]
    .map(|error| format!("error: {error}\n  hint: {}", error.hint()))
    .to_vec();
    insta::assert_snapshot!(said.join("\n"), @r"
    error: it holds the line `<!-- END verify-registry-image -->` and no line `<!-- BEGIN verify-registry-image -->`
      hint: let each marker stand once, on a line of its own, the beginning first; or remove both and the board is added at the end
    error: it holds the line `<!-- BEGIN verify-registry-image -->` and no line `<!-- END verify-registry-image -->`
      hint: let each marker stand once, on a line of its own, the beginning first; or remove both and the board is added at the end
    error: its line `<!-- END verify-registry-image -->` stands before `<!-- BEGIN verify-registry-image -->`
      hint: let each marker stand once, on a line of its own, the beginning first; or remove both and the board is added at the end
    error: it holds the line `<!-- END verify-registry-image -->` more than once
      hint: let each marker stand once, on a line of its own, the beginning first; or remove both and the board is added at the end
    error: the table between its markers has other columns than the board's
      hint: keep a table of your own outside the markers, or empty the space between them and the board is drawn anew
    ");
}

#[test]
fn a_table_of_other_columns_is_refused() {
    let board = |body: &str| updated(&format!("{BEGIN}\n{body}{END}\n"), &two());
    assert_eq!(board("| Environment | Status |\n|---|---|\n"), Err(BoardError::Columns));
    assert_eq!(board("| Environment |\n"), Err(BoardError::Columns));
    let whole = updated("", &two()).unwrap();
    let two_tables = whole.replace(END, &format!("\n| a |\n| --- |\n{END}"));
    assert_eq!(updated(&two_tables, &two()), Err(BoardError::Columns));
    // Without a table between them, the markers get one, and a text stays.
    assert!(board("").unwrap().contains("| development | support-email | 🟢 GREEN |"));
    assert!(board("Ask Ann.\n").unwrap().contains(&format!("{BEGIN}\nAsk Ann.\n\n")));
}

#[test]
fn no_name_breaks_the_table() {
    let mut evil = row("a|b\n| c", "`x` *y* <z> [w](u) \\", Light::Red);
    evil.line.as_mut().unwrap().reference = Some("r.example/a`|b:t@sha256:|`".to_owned());
    evil.pipeline = Pipeline::This(Some("https://x.example/a|b>(c)".to_owned()));
    let board = updated("", std::slice::from_ref(&evil)).unwrap();
    let line = board.lines().find(|line| line.contains("RED") && line.starts_with('|')).unwrap();
    insta::assert_snapshot!(line, @r"| a\|b \| c | \`x\` \*y\* &lt;z> \[w\](u) \\ | 🔴 RED | r.example/a\`\|b:t | sha256:\|\` | 2026-11-20T08:00:00Z | 2026-11-25T09:30:02Z | [job](<https://x.example/ab(c)>) |");
    assert_eq!(cells(line).len(), HEADER.len());
    assert_eq!(updated(&board, &[evil]), Ok(board.clone()), "and it is found again");
}

#[test]
fn a_row_without_image_or_times_says_so() {
    let mut bare = row("development", "a", Light::Red);
    let line = ServiceLine { light: Light::Red, reference: None, since: None, verified: None };
    bare.line = Some(line.clone());
    bare.pipeline = Pipeline::This(None);
    let digestless = BoardRow {
        line: Some(ServiceLine { reference: Some("r.example/a:t".into()), ..line }),
        service: "b".into(),
        ..bare.clone()
    };
    assert_eq!(bare.rendered(), "| development | a | 🔴 RED | – | – | – | – | – |");
    assert_eq!(
        digestless.rendered(),
        "| development | b | 🔴 RED | `r.example/a:t` | – | – | – | – |"
    );
}

#[test]
fn what_is_out_of_date_is_named() {
    let board = updated("", &two()).unwrap();
    assert_eq!(differences(&board, &two()), Ok(vec![]));
    assert_eq!(differences("text\n", &two()), Ok(vec!["the board is not there yet".to_owned()]));
    let mut later = two();
    later[0].line.as_mut().unwrap().verified = Some("2026-11-26T09:30:02Z".parse().unwrap());
    later.push(row("production", "search", Light::Green));
    let line = board.lines().find(|line| line.starts_with("| production")).unwrap();
    let doubled = board.replacen(line, &format!("{line}\n{line}"), 1);
    assert_eq!(
        differences(&doubled, &later).unwrap(),
        [
            "support-email in development is on the board as it was before",
            "billing in production is on the board twice",
            "search in production is not on the board",
        ]
    );
    assert_eq!(differences(BEGIN, &two()), Err(BoardError::NoEnd));
}

#[test]
fn a_row_whose_line_is_gone_or_cannot_be_read_is_named() {
    let by_hand = "| staging | search | YELLOW | by hand | – | – | – | – |\n";
    let board = updated("", &two()).unwrap().replacen(
        "| development",
        &format!("{by_hand}| development"),
        1,
    );
    let mut unreadable = two();
    unreadable[0].line = None;
    let one = &unreadable[..1];
    insta::assert_snapshot!(differences(&board, one).unwrap().join("\n"), @"
    support-email in development is on the board, and its status line cannot be read
    billing in production is on the board, and no status line speaks of it: verify it again, or remove its row
    ");

    // The one is drawn as what it is, the other may be another checkout's, and stays.
    let new = updated(&board, one).unwrap();
    let rows: Vec<&str> = new.lines().filter(|line| line.starts_with("| ")).skip(1).collect();
    insta::assert_snapshot!(rows.join("\n"), @"
    | --- | --- | --- | --- | --- | --- | --- | --- |
    | staging | search | YELLOW | by hand | – | – | – | – |
    | development | support-email | ⚪ unknown | – | – | – | – | [job](<https://circleci.com/gh/keepkey/x/42>) |
    | production | billing | 🔴 RED | `registry.digitalocean.com/keepkey/billing:latest-dev` | `sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a` | 2026-11-20T08:00:00Z | 2026-11-25T09:30:02Z | [job](<https://circleci.com/gh/keepkey/x/42>) |
    ");
    assert_eq!(differences(&new, one).unwrap().len(), 1, "the other row still is");
    assert_eq!(updated(&new, &two()).unwrap(), board, "and back again");
    // A line that was never drawn is not drawn for being unreadable.
    assert!(!updated("", one).unwrap().contains("support-email"));
}

proptest! {
    #[test]
    fn any_file_is_survived_and_nothing_outside_the_markers_changes(
        before in "[^<]{0,40}", body in "([|] ?[a-z-]{0,6} ?){0,20}\\n{0,2}", after in "[^<]{0,40}"
    ) {
        let old = format!("{before}\n{BEGIN}\n{body}\n{END}\n{after}");
        if let Ok(new) = updated(&old, &two()) {
            let start = format!("{before}\n{BEGIN}\n");
            prop_assert!(new.starts_with(&start));
            let end = format!("{END}\n{after}");
            prop_assert!(new.ends_with(&end));
            prop_assert_eq!(updated(&new, &two()).unwrap(), new.clone());
            prop_assert_eq!(differences(&new, &two()).unwrap(), Vec::<String>::new());
        }
    }

    #[test]
    fn a_file_without_markers_keeps_every_byte(old in "\\PC{0,80}(\\r?\\n)?") {
        let new = updated(&old, &two()).unwrap();
        prop_assert!(new.starts_with(&old));
        prop_assert_eq!(updated(&new, &two()).unwrap(), new);
    }

    #[test]
    fn any_row_is_found_again(environment in "\\PC{1,12}", service in "\\PC{1,12}", reference in "\\PC{0,20}") {
        let mut row = row(&environment, &service, Light::Green);
        row.line.as_mut().unwrap().reference = Some(reference);
        let board = updated("", std::slice::from_ref(&row)).unwrap();
        prop_assert_eq!(differences(&board, std::slice::from_ref(&row)).unwrap(), Vec::<String>::new());
    }
}
