// The program as it is, with a probe beside it.
import { main } from "../../src/cli/main.ts";
import { answerLines } from "./probe.ts";

void answerLines();
Deno.exit(await main(["serve"]));
