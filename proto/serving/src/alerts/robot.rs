//! The robots of group chats, as their platforms document them: 企业微信 (WeCom), 钉钉 (DingTalk), 飞书 (Feishu). Pure: what is
//! posted where, and whether the answer means that it was taken. All three answer 200 also when they refuse.

use std::borrow::Cow;

use anyhow::Context as _;
use base64::{Engine as _, engine::general_purpose::STANDARD};
use hmac::{Hmac, KeyInit as _, Mac as _};
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Value, json};
use sha2::Sha256;

/// Whose robot it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Robot {
    /// 企业微信群机器人. Its key is in the address; it signs nothing.
    WeCom,
    /// 钉钉自定义机器人. It signs time and secret in the address.
    DingTalk,
    /// 飞书自定义机器人. It signs time and secret in the body.
    Feishu,
}

/// What a robot is posted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Letter {
    /// Path and query.
    pub(super) path: String,
    /// JSON.
    pub(super) body: String,
}

impl Robot {
    /// Most bytes of the text. WeCom: 2,048 of a text. DingTalk and Feishu: 20 KB of the whole; in JSON a byte of text may
    /// become six.
    fn text_bytes(self) -> usize {
        match self {
            Self::WeCom => 2_048,
            Self::DingTalk | Self::Feishu => 3_000,
        }
    }

    /// The letter with this text, for the robot at this path; signed if it has a secret.
    ///
    /// # Errors
    /// When it cannot be signed.
    pub(super) fn letter(
        self,
        path: &str,
        text: &str,
        secret: Option<&str>,
        now: Timestamp,
    ) -> anyhow::Result<Letter> {
        let text = cut(text, self.text_bytes());
        let mut path = path.to_owned();
        let body = match (self, secret) {
            (Self::WeCom, _) => json!({ "msgtype": "text", "text": { "content": text } }),
            (Self::DingTalk, secret) => {
                if let Some(secret) = secret {
                    let millis = now.as_millisecond();
                    let sign = sign(secret.as_bytes(), format!("{millis}\n{secret}").as_bytes())?;
                    path.push(if path.contains('?') { '&' } else { '?' });
                    let behind = form_urlencoded::Serializer::new(String::new())
                        .append_pair("timestamp", &millis.to_string())
                        .append_pair("sign", &sign)
                        .finish();
                    path.push_str(&behind);
                }
                json!({ "msgtype": "text", "text": { "content": text } })
            }
            (Self::Feishu, None) => json!({ "msg_type": "text", "content": { "text": text } }),
            (Self::Feishu, Some(secret)) => {
                let seconds = now.as_second().to_string();
                // The text to be signed is the key here, and what is signed is nothing.
                let sign = sign(format!("{seconds}\n{secret}").as_bytes(), b"")?;
                json!({
                    "timestamp": seconds, "sign": sign, "msg_type": "text", "content": { "text": text },
                })
            }
        };
        Ok(Letter { path, body: body.to_string() })
    }

    /// Whether an answer means that it was taken.
    ///
    /// # Errors
    /// The platform's own words when it refused, or that it said nothing of ours.
    pub(super) fn taken(self, answer: &[u8]) -> anyhow::Result<()> {
        let answer: Value = serde_json::from_slice(answer).context("the robot's answer is no JSON")?;
        let names = match self {
            Self::WeCom | Self::DingTalk => ["errcode", "errmsg"],
            Self::Feishu => ["code", "msg"],
        };
        match answer[names[0]].as_i64() {
            Some(0) => Ok(()),
            Some(code) => {
                let words: String = answer[names[1]].as_str().unwrap_or_default().chars().take(200).collect();
                anyhow::bail!("the robot refused with {code}: {words}")
            }
            None => anyhow::bail!("the robot's answer has no {}", names[0]),
        }
    }
}

fn sign(key: &[u8], text: &[u8]) -> anyhow::Result<String> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key)?;
    mac.update(text);
    Ok(STANDARD.encode(mac.finalize().into_bytes()))
}

/// At most so many bytes of a text, ended between two characters.
pub(super) fn cut(text: &str, bytes: usize) -> Cow<'_, str> {
    if text.len() <= bytes {
        return Cow::Borrowed(text);
    }
    let end = "…";
    Cow::Owned(format!("{}{end}", &text[..text.floor_char_boundary(bytes - end.len())]))
}

/// What people read, of the JSON that hooks are handed.
pub(super) fn words(body: &str) -> String {
    let said: Value = serde_json::from_str(body).unwrap_or_default();
    let notice = &said["notice"];
    let mode = notice["mode"].as_str().unwrap_or_default();
    let mut lines = vec![
        match (said["event"].as_str().unwrap_or_default(), mode) {
            ("test", _) | (_, "TEST") => "【守望·测试】",
            (_, "EXERCISE") => "【守望·演练】",
            _ => "【守望】",
        }
        .to_owned(),
    ];
    let texts = [&said["text_zh"], &notice["incident_title"], &notice["text_zh"]];
    lines.extend(
        texts.into_iter().filter_map(Value::as_str).filter(|text| !text.is_empty()).map(str::to_owned),
    );
    let people = said["people"].as_array().into_iter().flatten().chain([&said["duty"]]);
    for person in people {
        let text = |name: &str| person[name].as_str().unwrap_or_default();
        if !text("name").is_empty() {
            lines.push(format!("{} {}", text("name"), text("phone")));
        }
    }
    if lines.len() == 1 {
        // Nothing that is known: better raw than nothing.
        lines.push(body.to_owned());
    }
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn now() -> Timestamp {
        Timestamp::from_millisecond(1_599_360_473_123).unwrap()
    }

    /// Checked with another implementation: Python's hmac and base64 over the platforms' rules.
    #[test]
    fn each_robot_signs_as_its_platform_says() {
        let letter = |robot: Robot, secret| robot.letter("/robot/send?key=1", "火情", secret, now()).unwrap();
        let plain = letter(Robot::WeCom, Some("SECabc"));
        assert_eq!(plain.path, "/robot/send?key=1");
        assert_eq!(plain.body, r#"{"msgtype":"text","text":{"content":"火情"}}"#);

        let signed = letter(Robot::DingTalk, Some("SECabc"));
        let signature = "WTmPOAnx8ZVo%2BxZKX7g%2Bo52vstWy10neVWw7vKA4UbY%3D";
        assert_eq!(signed.path, format!("/robot/send?key=1&timestamp=1599360473123&sign={signature}"));
        assert_eq!(letter(Robot::DingTalk, None).path, "/robot/send?key=1");

        let signature = "KjJCRpeZcpDq6nFA4wlSAm5ZsE3Y8HuB1O1Sgv2Y9xA=";
        let signed: Value = serde_json::from_str(&letter(Robot::Feishu, Some("SECabc")).body).unwrap();
        assert_eq!(
            (signed["timestamp"].as_str(), signed["sign"].as_str()),
            (Some("1599360473"), Some(signature))
        );
        assert_eq!(signed["content"]["text"], "火情");
        let plain: Value = serde_json::from_str(&letter(Robot::Feishu, None).body).unwrap();
        assert!(plain.get("sign").is_none());
    }

    #[test]
    fn limits_are_bytes_and_no_character_is_broken() {
        let long = "火".repeat(5_000);
        for robot in [Robot::WeCom, Robot::DingTalk, Robot::Feishu] {
            let letter = robot.letter("/", &long, Some("s"), now()).unwrap();
            let body: Value = serde_json::from_str(&letter.body).unwrap();
            let text = body["text"]["content"].as_str().or(body["content"]["text"].as_str()).unwrap();
            assert!(text.len() <= robot.text_bytes() && text.len() > robot.text_bytes() - 4, "{robot:?}");
            assert!(text.ends_with("火…") && letter.body.len() < 20_000);
            let worst = robot.letter("/", &"\u{1}".repeat(5_000), Some("s"), now()).unwrap();
            assert!(worst.body.len() < 20_000, "{robot:?}: {}", worst.body.len());
        }
        assert_eq!(cut("火情", 6), "火情");
    }

    #[test]
    fn only_nought_means_taken() {
        Robot::WeCom.taken(br#"{"errcode":0,"errmsg":"ok"}"#).unwrap();
        Robot::Feishu.taken(br#"{"code":0,"msg":"success","data":{}}"#).unwrap();
        let refused = Robot::DingTalk.taken(br#"{"errcode":310000,"errmsg":"sign not match"}"#).unwrap_err();
        assert!(refused.to_string().contains("310000: sign not match"), "{refused}");
        for answer in [&b"<html>"[..], b"{}", br#"{"errcode":"0"}"#, b""] {
            assert!(Robot::WeCom.taken(answer).is_err());
        }
        assert!(Robot::Feishu.taken(br#"{"errcode":0}"#).is_err(), "each platform has its own word");
    }

    #[test]
    fn people_read_words_and_not_json() {
        let page =
            r#"{"event":"page","text_zh":"危及生命的请求无人受理","people":[{"name":"钱","phone":"110"}]}"#;
        assert_eq!(words(page), "【守望】\n危及生命的请求无人受理\n钱 110");
        let duty = r#"{"event":"duty","duty":{"name":"李","phone":"139"},"notice":{"mode":"EXERCISE","text_zh":"调用吊车"}}"#;
        assert_eq!(words(duty), "【守望·演练】\n调用吊车\n李 139");
        assert_eq!(words(r#"{"event":"test","text_zh":"测试"}"#), "【守望·测试】\n测试");
        assert_eq!(words("x"), "【守望】\nx");
    }
}
