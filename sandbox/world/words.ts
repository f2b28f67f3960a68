/**
 * The words of the world, by script.
 * @module
 */

/** Words and punctuation of one script. */
export interface Script {
  readonly words: readonly string[];
  readonly space: string;
  readonly stop: string;
}

const split = (words: string): readonly string[] => words.trim().split(/\s+/u);

/** Latin letters, with the words questions are asked about. */
export const LATIN: Script = {
  words: split(`
    the a of to and in for on with release parser build invoice budget meeting report server update plan design review
    weather market river garden station bridge morning evening coffee bread paper letter window summer winter north south
    quick slow green bright quiet ready broken fixed late early open closed new old small large today tomorrow yesterday
    team office customer contract price delivery order payment schedule deadline question answer idea draft version test
    café naïve façade über straße jalapeño smörgåsbord Zürich Kraków fjord`),
  space: " ",
  stop: ".",
};

/** Cyrillic letters. */
export const CYRILLIC: Script = {
  words: split(`
    и в не на что с по это как отчёт сборка договор встреча сервер обновление план проект погода рынок река сад мост утро
    вечер кофе хлеб письмо окно лето зима север юг быстро тихо готово сломано исправлено поздно рано новый старый сегодня
    завтра вчера команда офис цена доставка заказ оплата срок вопрос ответ ёлка подъезд щука їжак ґанок`),
  space: " ",
  stop: ".",
};

const ARABIC: Script = {
  words: split(`
    في من على إلى هذا تقرير اجتماع خادم تحديث خطة تصميم مراجعة طقس سوق نهر حديقة جسر صباح مساء قهوة خبز رسالة نافذة صيف
    شتاء شمال جنوب سريع هادئ جاهز جديد قديم اليوم غدا أمس فريق مكتب سعر طلب سؤال جواب`),
  space: " ",
  stop: "؟",
};

const CJK: Script = {
  words: split(`
    今天 明天 昨天 会议 报告 服务器 更新 计划 设计 天气 市场 河流 花园 早上 晚上 咖啡 面包 信件 夏天 冬天 問題 回答 東京 電車
    お知らせ テスト リリース ありがとう 안녕하세요 서울 커피 날씨 업데이트 𠮷野家 㐂`),
  space: "",
  stop: "。",
};

/** Emoji of one code unit and of eleven: skin tones, flags, keycaps, families joined by U+200D. */
export const EMOJI: readonly string[] = [
  "👍",
  "🔥",
  "🎉",
  "☕",
  "✈️",
  "👩🏽‍💻",
  "👨‍👩‍👧‍👦",
  "🏳️‍🌈",
  "🇩🇪",
  "🇯🇵",
  "🏴󠁧󠁢󠁳󠁣󠁴󠁿",
  "🤷🏿‍♂️",
  "❤️‍🔥",
  "1️⃣",
  "🙏🏻",
  "🫠",
];

/** The scripts, Latin most often. */
export const SCRIPTS: readonly Script[] = [LATIN, LATIN, LATIN, LATIN, CYRILLIC, CYRILLIC, ARABIC, CJK];

/** What people react with. */
export const REACTIONS: readonly string[] = ["👍", "❤", "🔥", "🎉", "🤔", "👏", "😁", "🙏"];

/** Hosts of links; all of them reserved for examples. */
export const HOSTS: readonly string[] = ["example.com", "news.example.org", "docs.example.net", "shop.example.com"];

/** Hashtags without the sign. */
export const TAGS: readonly string[] = ["release", "news", "weather", "погода", "team_update", "東京"];
