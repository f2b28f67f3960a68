import assert from "node:assert/strict";
import { AppError } from "../../src/errors.ts";
import { Api } from "../../src/mtproto/gram.ts";
import { inWords, userOf } from "../../src/telegram/login.ts";
import { assertSent, describeSent, wayOf } from "../../src/telegram/login_code.ts";

const sent = (type: Api.auth.TypeSentCodeType): Api.auth.SentCode => new Api.auth.SentCode({ type, phoneCodeHash: "" });

Deno.test("login codes: every way in which Telegram sends one is told with what the code looks like", () => {
  const { auth } = Api;
  const cases: readonly (readonly [Api.auth.TypeSentCodeType, RegExp])[] = [
    [new auth.SentCodeTypeApp({ length: 5 }), /5 digits to the Telegram app/],
    [new auth.SentCodeTypeSms({ length: 6 }), /6 digits by SMS/],
    [new auth.SentCodeTypeCall({ length: 5 }), /calls and says a code of 5/],
    [new auth.SentCodeTypeFlashCall({ pattern: "+44*" }), /the number that calls, "\+44\*"/],
    [new auth.SentCodeTypeMissedCall({ prefix: "+44", length: 4 }), /last 4 digits of the number, .* "\+44"/],
    [new auth.SentCodeTypeEmailCode({ emailPattern: "a*@b.c", length: 6 }), /6 digits by e-mail to "a\*@b\.c"/],
    [new auth.SentCodeTypeFragmentSms({ url: "https://fragment.com/x", length: 5 }), /at "https:\/\/fragment\.com\/x"/],
    [new auth.SentCodeTypeSmsWord({ beginning: "b" }), /a word by SMS that begins with "b"/],
    [new auth.SentCodeTypeSmsPhrase({}), /some words by SMS; type them all/],
    [new auth.SentCodeTypeFirebaseSms({ length: 5 }), /to its own apps only/],
  ];
  for (const [type, says] of cases) assert.match(describeSent(sent(type)), says);
  assert.deepEqual(
    [new auth.CodeTypeSms(), new auth.CodeTypeCall(), new auth.CodeTypeFragmentSms(), new auth.CodeTypeMissedCall()]
      .map(wayOf),
    ["by SMS", "by a call", "through Fragment", "by a call that hangs up"],
  );
});

Deno.test("login codes: what only Telegram's apps can go on with is refused, with the way around", () => {
  const type = new Api.auth.SentCodeTypeSetUpEmailRequired({});
  assert.throws(() => assertSent(sent(type)), (error) => {
    assert.ok(error instanceof AppError);
    assert.equal(error.code, "UNSUPPORTED");
    assert.match(error.message, /wants the account to have an e-mail address/);
    assert.match(error.hint, /scan the code/);
    return true;
  });
  const authorization = new Api.auth.AuthorizationSignUpRequired({});
  const success = new Api.auth.SentCodeSuccess({ authorization });
  assert.equal(assertSent(success), success);
  assert.throws(() => userOf(authorization), /no Telegram account/);
});

Deno.test("login: waits are told in words that a person reads", () => {
  assert.deepEqual([1, 60, 99.5, 100, 3000, 7500].map(inWords), [
    "1 s",
    "60 s",
    "100 s",
    "2 min",
    "50 min",
    "2 h 5 min",
  ]);
});
