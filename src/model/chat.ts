/**
 * Chats, as tools and exports show them.
 * @module
 */
import * as z from "zod";

/** What a chat is; `saved` is the account's own Saved Messages. */
export const chatKindSchema = z.enum(["user", "bot", "group", "supergroup", "forum", "channel", "saved"]);

/** See {@link chatKindSchema}. */
export type ChatKind = z.infer<typeof chatKindSchema>;

/** A chat as a page names it. */
export const chatHeadSchema = z.object({
  id: z.string().describe("Marked id: -100… channel or supergroup, -… basic group, positive user."),
  kind: chatKindSchema,
  title: z.string(),
  username: z.string().optional(),
  link: z.string().optional(),
  protected: z.literal(true).optional(),
});

/** See {@link chatHeadSchema}. */
export type ChatHead = z.infer<typeof chatHeadSchema>;
