/** Emoji short names people and bots really use; an unknown name stays as typed, as in Slack. */

import { h } from "./dom.js";

const TABLE = `
grinning 😀 smile 😄 smiley 😃 grin 😁 joy 😂 rofl 🤣 sweat_smile 😅 slightly_smiling_face 🙂 wink 😉 blush 😊 sunglasses 😎 thinking_face 🤔
neutral_face 😐 grimacing 😬 sob 😭 cry 😢 scream 😱 exploding_head 🤯 face_with_monocle 🧐 sleeping 😴 zzz 💤 facepalm 🤦 shrug 🤷
saluting_face 🫡 melting_face 🫠 skull 💀 ghost 👻 robot_face 🤖 wave 👋 raised_hand ✋ raised_hands 🙌 clap 👏 pray 🙏 muscle 💪 ok_hand 👌
+1 👍 thumbsup 👍 -1 👎 thumbsdown 👎 point_right 👉 point_left 👈 point_up 👆 point_down 👇 handshake 🤝 eyes 👀 brain 🧠 heart ❤️
broken_heart 💔 sparkles ✨ star ⭐ star2 🌟 fire 🔥 boom 💥 zap ⚡ droplet 💧 ocean 🌊 rainbow 🌈 sunny ☀️ cloud ☁️ snowflake ❄️ snowman ⛄
red_circle 🔴 large_orange_circle 🟠 large_yellow_circle 🟡 large_green_circle 🟢 large_blue_circle 🔵 large_purple_circle 🟣
large_brown_circle 🟤 white_circle ⚪ black_circle ⚫ red_square 🟥 large_red_square 🟥 large_orange_square 🟧 large_yellow_square 🟨
large_green_square 🟩 large_blue_square 🟦 white_large_square ⬜ black_large_square ⬛ white_square_button 🔳 small_red_triangle 🔺
rotating_light 🚨 siren 🚨 warning ⚠️ no_entry ⛔ no_entry_sign 🚫 octagonal_sign 🛑 stop_sign 🛑 construction 🚧 sos 🆘 bell 🔔 no_bell 🔕
loudspeaker 📢 mega 📣 speaker 🔈 mute 🔇 pushpin 📌 round_pushpin 📍 paperclip 📎 link 🔗 lock 🔒 unlock 🔓 key 🔑 shield 🛡️ mag 🔍
mag_right 🔎 hammer 🔨 wrench 🔧 hammer_and_wrench 🛠️ gear ⚙️ toolbox 🧰 nut_and_bolt 🔩 ladder 🪜 bricks 🧱 fire_extinguisher 🧯
fire_engine 🚒 ambulance 🚑 helicopter 🚁 rocket 🚀 firefighter 🧑‍🚒 detective 🕵️ technologist 🧑‍💻 busts_in_silhouette 👥 bust_in_silhouette 👤
white_check_mark ✅ heavy_check_mark ✔️ ballot_box_with_check ☑️ x ❌ negative_squared_cross_mark ❎ heavy_plus_sign ➕ heavy_minus_sign ➖
question ❓ grey_question ❔ exclamation ❗ heavy_exclamation_mark ❗ bangbang ‼️ interrobang ⁉️ information_source ℹ️ 100 💯 tada 🎉
confetti_ball 🎊 balloon 🎈 trophy 🏆 medal 🏅 first_place_medal 🥇 dart 🎯 game_die 🎲 crystal_ball 🔮 bulb 💡 flashlight 🔦 candle 🕯️
memo 📝 pencil 📝 pencil2 ✏️ clipboard 📋 notebook 📓 book 📖 books 📚 bookmark 🔖 bookmark_tabs 📑 label 🏷️ page_facing_up 📄 scroll 📜
newspaper 📰 calendar 📅 spiral_calendar_pad 🗓️ date 📅 card_index_dividers 🗂️ file_folder 📁 open_file_folder 📂 file_cabinet 🗄️ inbox_tray 📥
outbox_tray 📤 package 📦 email 📧 envelope ✉️ incoming_envelope 📨 mailbox 📫 speech_balloon 💬 left_speech_bubble 🗨️ thought_balloon 💭
telephone_receiver 📞 phone ☎️ iphone 📱 pager 📟 computer 💻 desktop_computer 🖥️ keyboard ⌨️ printer 🖨️ floppy_disk 💾 cd 💿 electric_plug 🔌
battery 🔋 satellite 🛰️ satellite_antenna 📡 globe_with_meridians 🌐 earth_americas 🌎 earth_africa 🌍 earth_asia 🌏 house 🏠 office 🏢 factory 🏭
bank 🏦 credit_card 💳 moneybag 💰 shopping_trolley 🛒 chart_with_upwards_trend 📈 chart_with_downwards_trend 📉 bar_chart 📊 abacus 🧮
hourglass ⌛ hourglass_flowing_sand ⏳ stopwatch ⏱️ timer_clock ⏲️ alarm_clock ⏰ watch ⌚ clock1 🕐 clock3 🕒 clock9 🕘 repeat 🔁
arrows_counterclockwise 🔄 arrow_up ⬆️ arrow_down ⬇️ arrow_right ➡️ arrow_left ⬅️ arrow_upper_right ↗️ arrow_lower_right ↘️ leftwards_arrow_with_hook ↩️
arrow_right_hook ↪️ rewind ⏪ fast_forward ⏩ arrow_forward ▶️ double_vertical_bar ⏸️ black_square_for_stop ⏹️ twisted_rightwards_arrows 🔀
black_small_square ▪️ white_small_square ▫️ small_blue_diamond 🔹 small_orange_diamond 🔸 large_blue_diamond 🔷 large_orange_diamond 🔶
one 1️⃣ two 2️⃣ three 3️⃣ four 4️⃣ five 5️⃣ six 6️⃣ seven 7️⃣ eight 8️⃣ nine 9️⃣ zero 0️⃣ keycap_ten 🔟 hash #️⃣ new 🆕 ok 🆗 up 🆙 cool 🆒 free 🆓
vertical_traffic_light 🚦 traffic_light 🚥 checkered_flag 🏁 triangular_flag_on_post 🚩 waving_white_flag 🏳️ mountain 🏔️ evergreen_tree 🌲 seedling 🌱
four_leaf_clover 🍀 rose 🌹 coffee ☕ tea 🍵 beer 🍺 pizza 🍕 cake 🍰 cookie 🍪 popcorn 🍿 dog 🐶 cat 🐱 bug 🐛 beetle 🐞 ant 🐜 bee 🐝 snail 🐌 turtle 🐢
snake 🐍 whale 🐳 crab 🦀 octopus 🐙 elephant 🐘 unicorn_face 🦄 owl 🦉 parrot 🦜 crown 👑 gem 💎 lifter 🏋️ running 🏃 walking 🚶 ring_buoy 🛟 anchor ⚓
adhesive_bandage 🩹 stethoscope 🩺 pill 💊 microscope 🔬 telescope 🔭 test_tube 🧪 dna 🧬 thermometer 🌡️ compass 🧭 world_map 🗺️ broom 🧹 wastebasket 🗑️
mortar_board 🎓 male-technologist 👨‍💻 female-technologist 👩‍💻 male-firefighter 👨‍🚒 female-firefighter 👩‍🚒 slack 💬 github 🐙 pagerduty 📟 heavy_dollar_sign 💲
`;

const words = TABLE.trim().split(/\s+/);
const UNICODE = new Map();
for (let at = 0; at < words.length; at += 2) UNICODE.set(words[at], words[at + 1]);

const PICKER = `+1 eyes white_check_mark raised_hands pushpin fire rotating_light warning tada pray 100 rocket thinking_face joy sob wave ok_hand
clap heart memo mag hammer_and_wrench bug red_circle large_orange_circle large_yellow_circle large_green_circle white_circle x question
bulb hourglass_flowing_sand saluting_face coffee`.split(/\s+/);

export const unicode = (name) => UNICODE.get(String(name).replace(/::skin-tone-\d$/, ""));
export const pickerNames = () => PICKER;

/** Names that match what somebody typed, those that start with it first. */
export function search(text, limit = 40) {
  const wanted = text.toLowerCase();
  const found = [...UNICODE.keys()].filter((name) => name.includes(wanted));
  return found.sort((a, b) => b.startsWith(wanted) - a.startsWith(wanted)).slice(0, limit);
}

/** One emoji as an element with a spoken name; `:name:` when it is not known. */
export function emoji(name) {
  const glyph = unicode(name);
  if (!glyph) return document.createTextNode(`:${name}:`);
  return h("span", { class: "emoji", role: "img", "aria-label": `${name} emoji`, title: `:${name}:` }, glyph);
}

const SHORTCODE = /:([a-z0-9_+'-]+(?:::skin-tone-\d)?):/g;

/** Text with its :short_names: replaced by emoji; `leaf` makes the nodes for the text between. */
export function withEmoji(text, leaf = (part) => [document.createTextNode(part)]) {
  const nodes = [];
  let at = 0;
  for (const match of text.matchAll(SHORTCODE)) {
    if (!unicode(match[1])) continue;
    if (match.index > at) nodes.push(...leaf(text.slice(at, match.index)));
    nodes.push(emoji(match[1]));
    at = match.index + match[0].length;
  }
  if (at < text.length) nodes.push(...leaf(text.slice(at)));
  return nodes;
}
