// Tables, and lists that are loaded: what went wrong, what is on its way, or the rows.

import type { ComponentChildren } from "preact";
import type { Query } from "../state/query";
import { Loading, ProblemNotice } from "./basics";

export type Head = string | [title: string, kind: "num"];

export function Table(props: {
  head: Head[];
  /** A last column without a title. */
  actions?: boolean;
  /** Also on phones a table; others become lists of two columns there. */
  wide?: boolean;
  children: ComponentChildren;
}) {
  return (
    <div class="table-wrap">
      <table class={`table ${props.wide ? "" : "phone"}`}>
        <thead>
          <tr>
            {props.head.map((one) =>
              typeof one === "string" ? (
                <th key={one}>{one}</th>
              ) : (
                <th key={one[0]} class="num">
                  {one[0]}
                </th>
              ),
            )}
            {props.actions && (
              <th>
                <span class="hidden-text">Actions</span>
              </th>
            )}
          </tr>
        </thead>
        <tbody>{props.children}</tbody>
      </table>
    </div>
  );
}

/** `what` is said when it could not be loaded; an old answer stays beside that. */
export function Loaded<T>(props: {
  query: Query<T>;
  what: string;
  children: (answer: T) => ComponentChildren;
}) {
  const { data, problem, reload } = props.query;
  return (
    <>
      <ProblemNotice problem={problem} what={props.what} retry={reload} />
      {data !== null ? props.children(data) : !problem && <Loading />}
    </>
  );
}
