/**
 * The Worker's workflows for TypeScript, by the names that supabase-js calls them by.
 *
 *     import type { Answer, Body, Refusal } from '.../functions/types';
 *
 *     const body: Body<'assistant-process', 'post'> = { activity_type: 'notes', activity_id: '512005' };
 *     const { data } = await supabase.functions.invoke<Answer<'assistant-process', 'post'>>('assistant-process', { body });
 */
import type { components, paths } from './workflows';

export type * from './workflows';

/** The methods of HTTP that workflows have. */
export type Method = 'get' | 'post' | 'put' | 'patch' | 'delete';

/** A workflow's name; what stands in braces is for the caller to fill in. */
export type Workflow = keyof paths extends infer Path ? (Path extends `/functions/v1/${infer Name}` ? Name : never) : never;

type Operation<W extends Workflow, M extends Method> = paths[`/functions/v1/${W}`] extends { [Key in M]: infer Found } ? Found : never;
type Content<Of> = Of extends { content: { 'application/json': infer Json } } ? Json : never;

/** What a workflow is sent. */
export type Body<W extends Workflow, M extends Method> = Operation<W, M> extends { requestBody?: infer Request } ? Content<NonNullable<Request>> : never;

/** What is asked for in the address. */
export type Query<W extends Workflow, M extends Method> = Operation<W, M> extends { parameters: { query?: infer Query } } ? NonNullable<Query> : never;

/** What a workflow answers where it does not refuse. */
export type Answer<W extends Workflow, M extends Method> =
  Operation<W, M> extends { responses: infer Responses } ? Content<Responses[Extract<keyof Responses, 200 | 201 | 202>]> : never;

/** What every refusal is. */
export type Refusal = components['schemas']['Problem'];
