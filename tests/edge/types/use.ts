/** The types as a page uses them. Every line that is expected not to be sound has to be one: else the check fails. */
import { createClient, FunctionsHttpError } from '@supabase/supabase-js';
import type { Answer, Body, Query, Refusal, Workflow } from '../../../functions/types';

const supabase = createClient('https://countersign.example.workers.dev', 'sb_publishable_key');

export async function drafts(note: string): Promise<string[]> {
  const body: Body<'assistant-process', 'post'> = { activity_type: 'notes', activity_id: note, tones: ['warm'] };
  const { data, error } = await supabase.functions.invoke<Answer<'assistant-process', 'post'>>('assistant-process', { body });
  if (error instanceof FunctionsHttpError) {
    const refusal: Refusal = await error.context.json();
    throw new Error(`${refusal.message} (${refusal.request_id})`);
  }
  // @ts-expect-error: a run has drafts, and no `draft`
  void data?.draft;
  return (data?.drafts ?? []).map((draft) => draft.draft_text);
}

export async function value(client: string): Promise<number> {
  const name: Workflow = 'advisory-clients/{id}';
  const path = name.replace('{id}', client);
  const { data } = await supabase.functions.invoke<Answer<typeof name, 'get'>>(path, { method: 'GET' });
  // Accounts are null where a CRM has no holdings.
  // @ts-expect-error: which is not passed over
  void data?.accounts.length;
  return (data?.accounts ?? []).reduce((sum, account) => sum + (account.market_value_cents ?? 0), 0);
}

export const page: Query<'advisory-clients', 'get'> = { search: 'castellan' };

// @ts-expect-error: activities are of five kinds
export const wrongKind: Body<'assistant-process', 'post'> = { activity_type: 'contacts', activity_id: '1' };

// @ts-expect-error: what is to be processed has to be said
export const missing: Body<'assistant-process', 'post'> = { activity_type: 'notes' };

// @ts-expect-error: there is no such workflow
export const unknown: Workflow = 'assistant-guess';
