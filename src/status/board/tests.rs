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
            reason: (light == Light::Red).then(|| "tag-missing".to_owned()),
        }),
        pipeline: Pipeline::This(Some("https://circleci.com/gh/keepkey/x/42".to_owned())),
    }
}

/// The board with every row that no status line supports taken off.
fn updated(old: &str, rows: &[BoardRow]) -> Result<String, BoardError> {
    drawn(old, rows, Some(&[])).map(|drawn| drawn.text)
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
    insta::assert_snapshot!(board, @"
    # Status

    By hand.

    <!-- BEGIN verify-registry-image -->

    GREEN: the registry served this image, whole, and it passed every check that applies to it. RED: it is missing, broken, or not the one that was meant. Neither says what is deployed or healthy.

    <!-- prettier-ignore -->
    | Environment | Service | Status | Image | Since | Verified | Pipeline |
    | --- | --- | --- | --- | --- | --- | --- |
    | production | billing | 🔴 RED<br>tag-missing | `latest-dev`<br>`sha256:44136fa355b3` | 2026-11-20<br>08:00:00Z | 2026-11-25<br>09:30:02Z | [job](<https://circleci.com/gh/keepkey/x/42>) |
    | development | support-email | 🟢 GREEN | `latest-dev`<br>`sha256:44136fa355b3` | 2026-11-20<br>08:00:00Z | 2026-11-25<br>09:30:02Z | [job](<https://circleci.com/gh/keepkey/x/42>) |

    <!-- END verify-registry-image -->
    ");
}

#[test]
fn one_row_changes_and_everything_else_keeps_its_bytes() {
    let old = format!(
        "\u{feff}# Status  \r\n| Environment | Status |\r\n|---|---|\r\n| Local | RED |\r\n\r\n{BEGIN}\r\n\r\n\
         Ask Ann.\r\n\r\n\
         |  Environment | Service | Status | Image | Since | Verified | Pipeline |\r\n\
         |:---|---|---|---|---|---|---|\r\n\
         | staging |  by hand  | 🟡 YELLOW | a \\| b | |  | \r\n\
         | development | support-email | 🔴 RED | – | – | – | – |\r\n\
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
    |  Environment | Service | Status | Image | Since | Verified | Pipeline |␍
    |:---|---|---|---|---|---|---|␍
    | production | billing | 🔴 RED<br>tag-missing | `latest-dev`<br>`sha256:44136fa355b3` | 2026-11-20<br>08:00:00Z | 2026-11-25<br>09:30:02Z | [job](<https://circleci.com/gh/keepkey/x/42>) |␍
    | development | support-email | 🟢 GREEN | `latest-dev`<br>`sha256:44136fa355b3` | 2026-11-20<br>08:00:00Z | 2026-11-25<br>09:30:02Z | [job](<https://circleci.com/gh/keepkey/x/42>) |␍
    | staging |  by hand  | 🟡 YELLOW | a \| b | |  | ␍
    | development | other | x | x | x | x | x | x |␍
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
    let unread = drawn(&board, &[], None).unwrap();
    assert_eq!(unread, Drawn { text: board.clone(), removed: vec![] }, "nothing is known of them");
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
fn red_rows_are_first_and_the_others_in_the_order_of_the_status_files() {
    let mut rows = vec![
        row("canary", "a", Light::Green),
        row("development", "search", Light::Green),
        row("development", "support-email", Light::Red),
        row("production", "billing", Light::Red),
    ];
    let order = |board: &str| -> Vec<String> {
        let rows =
            board.lines().filter(|line| line.starts_with("| ") && line.contains("latest-dev"));
        rows.map(|line| cells(line)[..2].join("/")).collect()
    };
    let board = updated("", &rows).unwrap();
    let expected =
        ["development/support-email", "production/billing", "canary/a", "development/search"];
    assert_eq!(order(&board), expected);
    rows[0].line.as_mut().unwrap().light = Light::Red;
    rows[2].line.as_mut().unwrap().light = Light::Green;
    let board = updated(&board, &rows).unwrap();
    let expected =
        ["canary/a", "production/billing", "development/search", "development/support-email"];
    assert_eq!(order(&board), expected);
    assert_eq!(updated("", &rows).unwrap(), board, "the order does not depend on what stood there");
}

#[test]
fn a_duplicate_service_has_one_row() {
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
        prove(&format!("{BEGIN}\n<<<<<<< ours\n{END}\n")).unwrap_err(),
    ]
    .map(|error| format!("error: {error}\n  hint: {}", error.hint()))
    .to_vec();
    insta::assert_snapshot!(said.join("\n"), @"
    error: it holds the line `<!-- END verify-registry-image -->` and no line `<!-- BEGIN verify-registry-image -->`
      hint: let each marker stand once, on a line of its own, the beginning first; or remove both and the board is added at the end
    error: it holds the line `<!-- BEGIN verify-registry-image -->` and no line `<!-- END verify-registry-image -->`
      hint: let each marker stand once, on a line of its own, the beginning first; or remove both and the board is added at the end
    error: its line `<!-- END verify-registry-image -->` stands before `<!-- BEGIN verify-registry-image -->`
      hint: let each marker stand once, on a line of its own, the beginning first; or remove both and the board is added at the end
    error: it holds the line `<!-- END verify-registry-image -->` more than once
      hint: let each marker stand once, on a line of its own, the beginning first; or remove both and the board is added at the end
    error: the table between its markers has other columns than the board's
      hint: keep a table of your own outside the markers, or remove everything between them and draw the board with `verify-registry-image --draw-status`
    error: line 2 is git's conflict marker `<<<<<<<`
      hint: resolve the conflict: of a status file keep each line with the later `verified`, of the board either side; then run `verify-registry-image --draw-status`
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
    insta::assert_snapshot!(line, @r"| a\|b \| c | \`x\` \*y\* &lt;z> \[w\](u) \\ | 🔴 RED<br>tag-missing | `a?\|b:t`<br>`sha256:\|?` | 2026-11-20<br>08:00:00Z | 2026-11-25<br>09:30:02Z | [job](<https://x.example/ab(c)>) |");
    assert_eq!(cells(line).len(), HEADER.len());
    assert_eq!(updated(&board, &[evil]), Ok(board.clone()), "and it is found again");
}

#[test]
fn a_row_without_image_or_times_says_so() {
    let mut bare = row("development", "a", Light::Red);
    let line = ServiceLine {
        light: Light::Red,
        reference: None,
        since: None,
        verified: None,
        reason: None,
    };
    bare.line = Some(line.clone());
    bare.pipeline = Pipeline::This(None);
    let digestless = BoardRow {
        line: Some(ServiceLine { reference: Some("r.example/a:t".into()), ..line }),
        service: "b".into(),
        ..bare.clone()
    };
    assert_eq!(bare.rendered(), "| development | a | 🔴 RED | – | – | – | – |");
    assert_eq!(digestless.rendered(), "| development | b | 🔴 RED | `a:t` | – | – | – |");
}

#[test]
fn a_row_that_no_status_line_supports_is_taken_off_and_named() {
    let by_hand = "| staging | search | YELLOW | by hand | – | – | – |\n";
    let board =
        updated("", &two()).unwrap().replacen("| production", &format!("{by_hand}| production"), 1);
    let mut unreadable = two();
    unreadable[0].line = None;
    let one = &unreadable[..1];
    let Drawn { text, removed } = drawn(&board, one, Some(&[])).unwrap();
    assert_eq!(removed, [("production".to_owned(), "billing".to_owned())]);
    let rows: Vec<&str> = text.lines().filter(|line| line.starts_with("| ")).skip(2).collect();
    insta::assert_snapshot!(rows.join("\n"), @"
    | development | support-email | ⚪ unknown | – | – | – | [job](<https://circleci.com/gh/keepkey/x/42>) |
    | staging | search | YELLOW | by hand | – | – | – |
    ");
    let back = drawn(&text, &two()[..1], Some(&[])).unwrap();
    assert_eq!(back.removed, []);
    assert!(back.text.contains("| development | support-email | 🟢 GREEN |"));
    // Where the status file of its environment cannot be read, it stays.
    let unread = drawn(&board, one, Some(&["production"])).unwrap();
    assert_eq!(unread.removed, []);
    assert!(unread.text.contains("| production | billing | 🔴 RED<br>tag-missing |"));
    // A line that was never drawn is not drawn for being unreadable.
    assert!(!updated("", one).unwrap().contains("support-email"));
}

#[test]
fn the_rows_fit_on_the_page_side_by_side() {
    // GitHub shows a Markdown file 950 pixels wide; a character of a cell has about 8, a cell's frame 27.
    let board = updated("", &two()).unwrap();
    let widths = |line: &str| -> usize {
        let longest = |cell: &str| {
            let shown = |part: &str| match part.split_once("](") {
                Some((text, _)) => text.chars().count(),
                None => part.trim_matches('`').chars().count(),
            };
            cell.split("<br>").map(shown).max().unwrap_or_default()
        };
        cells(line).iter().map(|cell| longest(cell) * 8 + 27).sum()
    };
    for line in board.lines().filter(|line| line.starts_with("| ") && !line.contains("---")) {
        assert!(widths(line) < 950, "{} px: {line}", widths(line));
    }
}

/// Environments and services by the thousand are drawn in a time that grows with their number.
#[test]
fn a_board_of_thousands_of_rows_is_known_again() {
    let rows: Vec<BoardRow> = (0..3_000)
        .map(|number| {
            let light = if number % 7 == 0 { Light::Red } else { Light::Green };
            row(&format!("environment-{}", number / 1_000), &format!("service-{number}"), light)
        })
        .collect();
    let board = updated("# Ours\n", &rows).unwrap();
    assert!(board.len() > 1 << 19);
    assert_eq!(drawn(&board, &rows, Some(&[])).unwrap(), Drawn { text: board, removed: vec![] });
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
        }
    }

    #[test]
    fn a_file_without_markers_keeps_every_byte(old in "\\PC{0,80}(\\r?\\n)?") {
        let new = updated(&old, &two()).unwrap();
        prop_assert!(new.starts_with(&old));
        prop_assert_eq!(updated(&new, &two()).unwrap(), new);
    }

    #[test]
    fn any_row_is_found_again_and_taken_off_when_its_line_is_gone(
        environment in "\\PC{1,12}", service in "\\PC{1,12}", reference in "[!-~]{1,20}", is_red: bool
    ) {
        let light = if is_red { Light::Red } else { Light::Green };
        let mut row = row(&environment, &service, light);
        row.line.as_mut().unwrap().reference = Some(reference);
        let board = updated("", std::slice::from_ref(&row)).unwrap();
        prop_assert_eq!(updated(&board, std::slice::from_ref(&row)).unwrap(), board.clone());
        row.pipeline = Pipeline::Kept;
        prop_assert_eq!(updated(&board, std::slice::from_ref(&row)).unwrap(), board.clone());
        let none = drawn(&board, &[], Some(&[])).unwrap();
        prop_assert_eq!(none.removed.len(), 1);
        prop_assert_eq!(drawn(&none.text, &[], Some(&[])).unwrap().text, none.text);
    }

    #[test]
    fn rows_of_people_keep_their_bytes(theirs in prop::collection::vec("[|] ?[ -{}~äö🟡]{0,30}", 0..6)) {
        let board = updated("", &two()).unwrap();
        let hand: String = theirs.iter().flat_map(|line| [line.as_str(), "\n"]).collect();
        let old = board.replacen("| development", &format!("{hand}| development"), 1);
        let new = updated(&old, &two()).unwrap();
        let kept: Vec<&str> = new.lines().filter(|line| theirs.iter().any(|own| own == line)).collect();
        let expected: Vec<&str> = theirs.iter().map(String::as_str).collect();
        prop_assert_eq!(kept, expected);
        prop_assert_eq!(updated(&new, &two()).unwrap(), new.clone());
    }

    #[test]
    fn hostile_text_between_the_markers_is_survived(body in crate::report::fixtures::hostile()) {
        let old = format!("a\n{BEGIN}\n{body}\n{END}\nb");
        if let Ok(Drawn { text, removed: _ }) = drawn(&old, &two(), Some(&[])) {
            let start = format!("a\n{BEGIN}\n");
            prop_assert!(text.starts_with(&start));
            let end = format!("{END}\nb");
            prop_assert!(text.ends_with(&end));
            prop_assert_eq!(updated(&text, &two()).unwrap(), text);
        }
    }
}
