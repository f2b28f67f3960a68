/**
 * What is wrong with what a suite has left behind.
 *
 * What signs in and what opens a takeout is accepted from any process: the records say what sandboxes received, not from which command
 * of the product. That no tool of a server can send them is what `tests/mtproto/guard_test.ts` shows.
 * @module
 */
import type { Records } from "./folder.ts";
import { createSearch, type Search } from "./leaks.ts";
import { forbiddenMethods } from "./methods.ts";

/**
 * One sentence for each thing that is wrong.
 * @param options.isWhole whether all tests ran: then a record that is missing is wrong too, for it would hide everything
 * @param options.search made of the texts when it is not given, which takes a while
 */
export async function problemsOf(
  { methods, written, texts }: Records,
  { isWhole, search }: { readonly isWhole: boolean; readonly search?: Search },
): Promise<string[]> {
  const problems = forbiddenMethods(methods).map((method) => `${method} was sent, which no class allows`);
  if (isWhole && !methods.has("messages.GetHistory")) problems.push("no sandbox has recorded what it received");
  for (const kind of ["log", "command"] as const) {
    if (isWhole && !written.some((each) => each.kind === kind)) {
      problems.push(`nothing of the kind ${kind} was recorded`);
    }
  }
  if (isWhole && texts.size === 0) problems.push("no text that a test has written was recorded");
  const leaksOf = search ?? await createSearch(texts);
  for (const each of written) {
    for (const { what, found, line } of leaksOf(each)) {
      problems.push(
        `${each.kind} of ${JSON.stringify(each.typed.slice(-3))}: ${what} ${JSON.stringify(found)} in ${line}`,
      );
    }
  }
  return problems;
}
