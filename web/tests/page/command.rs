use heartline_web::model::command::Command;
use wasm_bindgen_test::wasm_bindgen_test;

#[wasm_bindgen_test]
fn a_line_is_said_unless_it_begins_with_one_slash() {
    let say = |text: &str| Command::Say(text.to_owned());
    for (line, command) in [
        ("hello /nick", say("hello /nick")),
        (" /nick Ada", say(" /nick Ada")),
        ("//nick Ada", say("/nick Ada")),
        ("", say("")),
        ("/nick  Ada Lovelace ", Command::Nick("Ada Lovelace".to_owned())),
        ("/join the library", Command::Join("the library".to_owned())),
        ("/clear", Command::Clear),
        ("/clear all", Command::Unknown),
        ("/leave ", Command::Leave),
        ("/leave lobby", Command::Unknown),
        ("/nick", Command::Unknown),
        ("/join ", Command::Unknown),
        ("/", Command::Unknown),
        ("/nickAda", Command::Unknown),
    ] {
        assert_eq!(Command::read(line), command, "{line:?}");
    }
}
