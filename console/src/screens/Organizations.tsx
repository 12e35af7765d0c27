/* All organizations that one may see, as a list. */

import { lazy, Suspense } from "react";
import { Link, useSearchParams } from "wouter";
import { organizationsOf } from "../api/me";
import { url } from "../api/client";
import type { Organization } from "../api/resources";
import { usePages } from "../api/pages";
import { keysNow } from "../frame/keys";
import { usePage } from "../frame/page";
import { Icon, Kind } from "../parts/icons";
import { Rows, Table } from "../parts/rows";
import { Button, Empty, Ghosts, Typed } from "../parts/small";
import { Listing } from "../parts/listing";
import { count, digits } from "../words/count";
import { short } from "../words/time";
import type { ScreenProps } from "../Console";
import { kinds } from "../words/kinds";
import { useQueryState } from "./query-state";
import { FilterChip } from "../parts/choices";

const Deleted = lazy(() => import("./Deleted"));

export default function Organizations({ me, store }: ScreenProps) {
	const [text, setText] = useQueryState("q");
	const [kind, setKind] = useQueryState("filter[kind]");
	const [, setQuery] = useSearchParams();
	const [parent, setParent] = useQueryState("filter[parent]");
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
					<FilterChip
						label="Clear the filter of what is right below"
						on="Right below"
						id={parent.slice(0, 8)}
						clear={() => setParent("")}
					/>
				)}
			</div>
			{gone && (
				<Suspense fallback={<Ghosts />}>
					<Deleted text={text} organizations={organizationsOf(me)} store={store} />
				</Suspense>
			)}
			{!gone && (
				<Listing
					list={list}
					ghosts={10}
					what="list.organizations"
					empty={
						filtered ? (
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
							<Empty
								title="Nothing here yet"
								action={
									<Button
										kind="main"
										icon="plus"
										onClick={() =>
											keysNow()
												.find((k) => k.key === "N")
												?.act?.()
										}
									>
										Make the first organization
									</Button>
								}
							>
								Or fill an empty database with organizations and people that look real:{" "}
								<span className="mono">roster demo</span>, with the same database as this service.
							</Empty>
						)
					}
				>
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
									Members
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
				</Listing>
			)}
		</div>
	);
}
