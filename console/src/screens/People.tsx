/* Everybody whom one may see. */

import { Link } from "wouter";
import { url } from "../api/client";
import type { User } from "../api/resources";
import { usePages } from "../api/pages";
import { usePage } from "../frame/page";
import { Export } from "../parts/export";
import { Icon } from "../parts/icons";
import { Rows, Table } from "../parts/rows";
import { Button, Empty, Face, State, Typed } from "../parts/small";
import { Listing } from "../parts/listing";
import { count } from "../words/count";
import { date } from "../words/time";
import type { ScreenProps } from "../Console";
import { useQueryState } from "./query-state";
import { UnlessWithheld } from "./withheld";

export default function People(_: ScreenProps) {
	const [text, setText] = useQueryState("q");
	const found = text.includes("@") ? { "filter[email]": text.trim() } : { "filter[fullName][contains]": text.trim() };
	const request = url("users", {
		...found,
		sort: "lastName",
		"fields[users]": "fullName,email,active,createdAt,timeZone",
		"page[size]": 100,
	});
	const list = usePages<User>(request, { keep: true });
	usePage({ title: "People", crumbs: [{ name: "People" }], request });
	return (
		<div className="page stack gap4">
			<div>
				<h1>People</h1>
				<p className="second">
					{list.total === undefined
						? "Everybody whom you may see."
						: `${count(list.total, "person", "people")} whom you may see${text ? ", with this name or address" : ""}.`}
				</p>
			</div>
			<div className="row wrap">
				<label className="with-icon grow">
					<Icon name="search" />
					<span className="only-read">Find people</span>
					<input
						className="input"
						data-quiet=""
						type="search"
						placeholder="Name, or the whole e-mail"
						value={text}
						onChange={(e) => setText(e.target.value)}
					/>
				</label>
				<Export of={request} what="person" many="people" />
			</div>
			<Listing
				list={list}
				ghosts={10}
				what="list.people"
				empty={
					text ? (
						<Empty
							title="Nobody is called so"
							action={
								<Button small onClick={() => setText("")}>
									Clear the text
								</Button>
							}
						>
							An e-mail is found by the whole of it.
						</Empty>
					) : (
						<UnlessWithheld word="users:read" what="people">
							<Empty title="Nobody here yet">People come by an invitation: open an organization and press I.</Empty>
						</UnlessWithheld>
					)
				}
			>
				<Table list={list} folds="face">
					<thead>
						<tr>
							<th scope="col">Person</th>
							<th scope="col">State</th>
							<th scope="col">Time zone</th>
							<th scope="col">Since</th>
						</tr>
					</thead>
					<Rows list={list}>
						{(u) => (
							<tr>
								<td>
									<span className="row gap3">
										<Face name={u.attributes.fullName ?? "?"} />
										<span className="cut">
											<Link className="name" href={`/people/${u.id}`}>
												<Typed>{u.attributes.fullName || u.attributes.email}</Typed>
											</Link>
											<br />
											<span className="second quiet">
												<Typed>{u.attributes.email}</Typed>
											</span>
										</span>
									</span>
								</td>
								<td data-fold="end">
									{u.attributes.active === false ? <State is="off">Not active</State> : <State is="ok">Active</State>}
								</td>
								<td className="second" data-fold="no">
									{u.attributes.timeZone}
								</td>
								<td className="second nowrap" data-fold="no">
									{date(u.attributes.createdAt)}
								</td>
							</tr>
						)}
					</Rows>
				</Table>
			</Listing>
		</div>
	);
}
