/**
 * The people and bots of the world.
 * @module
 */
import type { WorldUser } from "./chat.ts";
import { createRandom } from "./random.ts";

/** Our own account. */
export const OWNER: WorldUser = {
  id: "1000",
  firstName: "Olga",
  lastName: "Owner",
  username: "sandbox_owner",
  phone: "9996621000",
  about: "The account of the sandbox.",
  premium: true,
};

/** Users with a private chat of some length: `[user, messages]`. */
export const FRIENDS: readonly (readonly [WorldUser, number])[] = [
  [{ id: "734201334", firstName: "Ann", lastName: "Lee", username: "annlee", phone: "9996620001", contact: true }, 300],
  [{ id: "734201335", firstName: "Борис", lastName: "Иванов", username: "boris_ivanov", contact: true }, 180],
  [{ id: "734201336", firstName: "علي", lastName: "حسن", username: "ali_hassan", contact: true }, 120],
  [{ id: "734201337", firstName: "田中", lastName: "花子", username: "hanako_t", premium: true }, 90],
  [{ id: "734201338", firstName: "José", lastName: "Núñez", username: null, contact: true }, 75],
  [{ id: "734201339", firstName: "Mary", username: "mary_plumber", about: "Pipes and taps." }, 60],
  [{ id: "734201340", firstName: "👩🏽‍🚀 Nova", username: "nova_space" }, 45],
  [{ id: "734201341", firstName: "Ann", lastName: "Lee", username: null }, 30],
  [{ id: "734201342", firstName: "Kim", lastName: "Park", username: "kimpark", contact: true }, 25],
  [{ id: "734201343", firstName: "Zoë", lastName: "O'Neill", username: "zoe_oneill" }, 12],
  [{ id: "734201344", firstName: "Reminder Bot", username: "sandbox_reminder_bot", bot: true }, 40],
  [{ id: "734201345", firstName: "", username: null, deleted: true }, 5],
];

const FIRST = ["Alex", "Мария", "Sam", "Ольга", "Noor", "健太", "Lena", "Ivan", "Chloé", "Omar", "Mina", "Paul"];
const LAST = ["Kim", "Петрова", "Stone", "Silva", "Haddad", "佐藤", "Novak", "Berg", "Rossi", "Ito"];

function generated(first: number, count: number, seed: number): readonly WorldUser[] {
  return Array.from({ length: count }, (_, index) => {
    const random = createRandom(seed, index);
    return {
      id: String(first + index),
      firstName: random.pick(FIRST),
      lastName: random.pick(LAST),
      username: random.oneIn(3) ? `member_${first + index}` : null,
    };
  });
}

/** The members of the big group beside us; the last five are strangers. */
export const MEMBERS: readonly WorldUser[] = generated(810_000_001, 49, 11).map((user, index) =>
  index < 44 ? user : { ...user, stranger: true }
);

/** Users of the short private chats. */
export const ACQUAINTANCES: readonly WorldUser[] = generated(820_000_001, 50, 12);
