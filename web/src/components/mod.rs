//! What is on the page: one small component per file, without any logic of their own.
//!
//! Stable hooks for tests from outside, as `data-testid`:
//!
//! | where | hooks |
//! | --- | --- |
//! | everywhere | `tabs` (with `tab-chat`, `tab-echo`, `tab-inspect`, `tab-doctor`), `panel-chat`, `panel-echo`, `panel-inspect`, `panel-doctor`, `notices` |
//! | badge, one in each panel | `badge` (with `data-tone`), `badge-state`, `badge-rtt`, `badge-last-sign`, `badge-next-dial`, `dial-now`, `badge-last-end`, `badge-last-dial` |
//! | the line in detail, likewise | `line-panel`, `beat-plot`, `line-facts`, `line-ends`, `harm-cut`, `harm-freeze`, `harm-mute`, `harm-words` |
//! | chat | `chat-name`, `chat-room`, `chat-token`, `chat-join`, `chat-leave`, `chat-complaint`, `rooms` with a `room` (and `unread` in it) for each, `chat-another`, `chat-open`, `timeline`, `jump`, `chat-input`, `chat-send`, `members`, `members-total`, `notify`, `notify-note` |
//! | an entry of the timeline | `entry` with `data-mark` (`said`, `queued`, `sent`, `accepted`, `held`, `rejected`, `gap`) and, once it has one, `data-seq`; `entry-text`, `entry-name` inside; between them `day` and `new` |
//! | the stage | `view-timeline`, `view-stage`, `stage`, `stage-dropped`, `stage-pause`, `stage-lasts`, `stage-density`, `stage-opacity`, `stage-coloured`, `comment-colour`, `comment-lane` |
//! | echo | `echo-url`, `echo-subprotocol`, `echo-connect`, `echo-disconnect`, `echo-complaint`, `echo-suggestion`, `echo-form`, `echo-input`, `echo-input-complaint`, `echo-send`, `echo-tidy`, `echo-keep`, `echo-file`, `echo-attached`, `saved` with `saved-take` and `saved-forget`, `repeat-every`, `repeat-times`, `repeat-start`, `repeat-stop`, `repeat-sent`, `repeat-complaint` |
//! | its log | `log-kind`, `log-words`, `log-count`, `log-save`, `log-clear`, `echo-log`; `log-detail` with `log-again` and `log-close` |
//! | a line of the log | `log-line` with `data-kind` (`in`, `out`, `note`), `log-open` |
//! | probes | `probe-count`, `probe-interval`, `probe-start`, `probe-stop`, `probe-plot`, `probe-stats` |
//! | inspector | `inspect-url`, `inspect-connect`, `inspect-disconnect`, `inspect-complaint`, `inspect-hint`, `inspect-to`, `inspect-line`, `inspect-filter`, `inspect-save`, `frames` with a `frame` in each row and `frame-open` in those that can be opened, `fault`, `fault-clear`, `fault-words`, `fault-set`, `faults` |
//! | one frame | `frame-detail`, `field`, `dump` |
//! | doctor | `doctor-json`, `doctor-file`, `doctor-show`, `doctor-complaint`, `doctor-hint`, `doctor-report`, `doctor-cause`, `doctor-conclusion`, `doctor-advice`, `doctor-evidence`, `doctor-policy`, a `story` with `story-end` for each line |
//! | policy, one in each panel | `policy`, `policy-preset`, `policy-json`, `policy-set`, `policy-complaint` |

pub mod app;
pub mod badge;
pub mod begin_end;
pub mod chat_tab;
pub mod comment_style;
pub mod composer;
pub mod doctor_report;
pub mod doctor_tab;
pub mod echo_composer;
pub mod echo_form;
pub mod echo_tab;
pub mod entry;
pub mod fault_bar;
pub mod field;
pub mod file_field;
pub mod follow;
pub mod frame_detail;
pub mod frame_table;
pub mod harm_bar;
pub mod inspect_form;
pub mod inspect_tab;
pub mod join_form;
pub mod line_panel;
pub mod log_bar;
pub mod log_detail;
pub mod log_view;
pub mod members;
pub mod notices;
pub mod notify_switch;
pub mod plot_view;
pub mod policy_panel;
pub mod probe_panel;
pub mod repeat_panel;
pub mod room_list;
pub mod said_text;
pub mod saved_list;
pub mod stage_bar;
pub mod stage_view;
pub mod story_view;
pub mod tabs;
pub mod timeline;
pub mod url_field;
