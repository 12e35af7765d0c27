/* All organizations that one may see, as a list. */

import { lazy, Suspense } from "react";
import { Link, useSearchParams } from "wouter";
import { organizationsOf } from "../api/me";
import { url } from "../api/client";
import type { Organization } from "../api/resources";
import { usePages } from "../api/pages";
import { usePage } from "../frame/page";
import { Refused } from "../parts/failure";
import { Icon, Kind } from "../parts/icons";
import { More } from "../parts/more";
import { Rows, Table } from "../parts/rows";
import { Button, Empty, Ghosts, Typed } from "../parts/small";
import { count, digits } from "../words/count";
import { short } from "../words/time";
import type { ScreenProps } from "../Console";
import { kinds } from "../words/kinds";
import { useQueryState } from "./query-state";

const Deleted = lazy(() => import("./Deleted"));

export default function Organizations({ me, store }: ScreenProps) {
	const [text, setText] = useQueryState("q");
	const [kind, setKind] = useQueryState("filter[kind]");
	const [query, setQuery] = useSearchParams();
	const parent = query.get("filter[parent]") ?? "";
	const request = url(organizationsOf(me), {
		"filter[name][contains]": text,
		"filter[kind]": kind,
		"filter[parent]": parent,
		sort: "name",
		withCounts: "descendants,memberships,endpoints",
		"fields[organizations]": "name,slug,number,kind,active,updatedAt",
		"page[size]": 100,
	});
	const [deleted, setDeleted] = useQueryState("filter[deleted]");
	const manages = organizationsOf(me) !== "organizations"; // the others do not see what is deleted
	const gone = manages && deleted === "true";
	const list = usePages<Organization>(me && !gone ? request : null, { keep: true });
	usePage({ title: "Organizations", crumbs: [{ name: "Organizations" }], request });
	const filtered = Boolean(text || kind || parent);
	return (
		<div className="page stack gap4">
			<div>
				<h1>Organizations</h1>
				<p className="second">
					{gone
						? "Those that were deleted."
						: list.total === undefined
							? "All that you may see."
							: `${count(list.total, "organization")} that you may see${filtered ? ", with these filters" : ""}.`}
				</p>
			</div>
			<div className="row wrap" role="group" aria-label="Filters">
				<label className="with-icon grow">
					<Icon name="search" />
					<span className="only-read">Name</span>
					<input
						className="input"
						data-quiet=""
						type="search"
						placeholder="Name"
						value={text}
						onChange={(e) => setText(e.target.value)}
					/>
				</label>
				<label className="row second">
					Kind
					<select className="input chip-select" value={kind} onChange={(e) => setKind(e.target.value)}>
						<option value="">any</option>
						{kinds.map((k) => (
							<option key={k} value={k}>
								{k}
							</option>
						))}
					</select>
				</label>
				{manages && (
					<label className="row second">
						<input type="checkbox" checked={gone} onChange={(e) => setDeleted(e.target.checked ? "true" : "")} />
						Deleted
					</label>
				)}
				{parent && (
					<button
						className="chip"
						type="button"
						data-on=""
						aria-label="Clear the filter of what is right below"
						onClick={() =>
							setQuery((now) => {
								const next = new URLSearchParams(now);
								next.delete("filter[parent]");
								return next;
							})
						}
					>
						Right below <b className="mono">{parent.slice(0, 8)}</b>
						<Icon name="close" />
					</button>
				)}
			</div>
			{gone && (
				<Suspense fallback={<Ghosts />}>
					<Deleted text={text} organizations={organizationsOf(me)} store={store} />
				</Suspense>
			)}
			{!gone && list.error && list.rows.length === 0 && <Refused error={list.error} again={() => void list.refetch()} />}
			{!gone && list.isPending && <Ghosts rows={10} />}
			{!gone &&
				!list.isPending &&
				!list.error &&
				list.rows.length === 0 &&
				(filtered ? (
					<Empty
						title="No organization has all of these filters"
						action={
							<Button small onClick={() => setQuery(new URLSearchParams())}>
								Clear the filters
							</Button>
						}
					>
						Letters count as they are: a name that begins with a capital is found by the capital.
					</Empty>
				) : (
					<Empty title="Nothing here yet">
						Make the first organization with the plus beside the tree, or fill the database with ones that look real:{" "}
						<span className="mono">roster demo</span>.
					</Empty>
				))}
			{!gone && list.rows.length > 0 && (
				<Table list={list} folds="kind">
					<thead>
						<tr>
							<th scope="col">Name</th>
							<th scope="col" className="number">
								Number
							</th>
							<th scope="col" className="number">
								Below
							</th>
							<th scope="col" className="number">
								People
							</th>
							<th scope="col">Webhooks</th>
							<th scope="col">Changed</th>
						</tr>
					</thead>
					<Rows list={list}>
						{(o) => (
							<tr>
								<td>
									<span className="row">
										<Kind kind={o.attributes.kind} />
										<Link className="name" href={`/organizations/${o.id}`}>
											<Typed>{o.attributes.name}</Typed>
										</Link>
										{o.attributes.active === false && <span className="tag">ended</span>}
									</span>
								</td>
								<td className="number mono" data-fold="no">
									{o.attributes.number}
								</td>
								<td className="number" data-fold="no">
									{o.meta?.counts?.descendants ? digits(o.meta.counts.descendants) : ""}
								</td>
								<td className="number" data-fold="end">
									{o.meta?.counts?.memberships ?? ""}
								</td>
								<td className="second" data-fold="under">
									{o.meta?.counts?.endpoints ? (
										count(o.meta.counts.endpoints, "endpoint")
									) : (
										<span className="quiet">none</span>
									)}
								</td>
								<td className="second nowrap" data-fold="no">
									{short(o.attributes.updatedAt)}
								</td>
							</tr>
						)}
					</Rows>
				</Table>
			)}
			{!gone && <More list={list} what="list.organizations" />}
		</div>
	);
}
