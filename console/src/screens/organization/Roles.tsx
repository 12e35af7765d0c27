/* The roles that can be given here, and what each permits. */

import { url } from "../../api/client";
import type { Role } from "../../api/resources";
import { idOf } from "../../api/document";
import { useRead } from "../../api/query";
import { Refused } from "../../parts/failure";
import { Icon } from "../../parts/icons";
import { Ghosts, Held, Typed } from "../../parts/small";
import { count } from "../../words/count";
import { others, subjects } from "../permissions";
import { useQueryState } from "../query-state";
import { holds } from "../../api/me";
import type { TabProps } from "./Organization";

export default function Roles({ id }: TabProps) {
	const { data, error, refetch } = useRead<Role[]>(
		url("roles", { "filter[usableAt]": id, withCounts: "memberships", "page[size]": 100 }),
	);
	const [chosen, choose] = useQueryState("role");
	const [against, setAgainst] = useQueryState("against");
	if (error && !data) return <Refused error={error} again={() => void refetch()} />;
	if (!data) return <Ghosts />;
	const roles = data.data.toSorted((a, b) => (b.attributes.rank ?? 0) - (a.attributes.rank ?? 0));
	const role = roles.find((r) => r.id === chosen) ?? roles[0];
	const other = roles.find((r) => r.id === against);
	return (
		<div className="twocol">
			<ul className="rolelist" aria-label="Roles">
				{roles.map((r) => (
					<li key={r.id}>
						<button
							className="list-row"
							type="button"
							aria-current={r === role ? "true" : undefined}
							onClick={() => choose(r.id)}
						>
							<span className="cut">
								<Typed>{r.attributes.name}</Typed>
							</span>
							<span className="second quiet">
								{r.meta?.counts?.memberships !== undefined && `held ${count(r.meta.counts.memberships, "time")}`}
							</span>
							<span className="second cut">
								<Held from={r.attributes.builtIn ? "none" : idOf(r, "organization") === id ? "here" : "above"}>
									{r.attributes.builtIn ? "built in" : idOf(r, "organization") === id ? "made here" : "made above"}
								</Held>
							</span>
							<span className="second quiet">rank {r.attributes.rank}</span>
						</button>
					</li>
				))}
			</ul>
			{role && (
				<section className="stack gap4" aria-labelledby="role">
					<div>
						<h2 id="role">
							<Typed>{role.attributes.name}</Typed>
						</h2>
						<p className="second">
							<span className="mono">{role.attributes.key}</span> · {role.attributes.description || "no description"} ·{" "}
							{role.attributes.inheritable ? "counts here and in everything below" : "counts only where it is given"}
						</p>
					</div>
					<label className="row second">
						Compare with
						<select className="input chip-select" value={against} onChange={(e) => setAgainst(e.target.value)}>
							<option value="">no other role</option>
							{roles
								.filter((r) => r !== role)
								.map((r) => (
									<option key={r.id} value={r.id}>
										{r.attributes.name}
									</option>
								))}
						</select>
					</label>
					<Matrix role={role} other={other} />
				</section>
			)}
		</div>
	);
}

const verbs = ["read", "write", "delete"];

function Matrix({ role, other }: { role: Role; other?: Role }) {
	const mine = role.attributes.permissions ?? [];
	const theirs = other?.attributes.permissions ?? [];
	const own = others(mine).filter((w) => w !== "*");
	return (
		<>
			<table className="table matrix">
				<thead>
					<tr>
						<th scope="col">Type</th>
						{verbs.map((v) => (
							<th key={v} scope="col">
								{v[0]?.toUpperCase() + v.slice(1)}
							</th>
						))}
					</tr>
				</thead>
				<tbody>
					{subjects.map((s) => (
						<tr key={s.type}>
							<th scope="row">{s.type}</th>
							{verbs.map((v) => {
								if (!s.verbs.includes(v))
									return (
										<td key={v} className="faded">
											<span className="only-read">cannot be held</span>
										</td>
									);
								const has = holds(mine, `${s.type}:${v}`);
								const had = other ? holds(theirs, `${s.type}:${v}`) : has;
								return (
									<td key={v}>
										{has ? (
											<span className="yes">
												<Icon name="check" />
												<span className="only-read">yes</span>
											</span>
										) : (
											<span className="faded">
												–<span className="only-read"> no</span>
											</span>
										)}
										{other && has !== had && (
											<span className="tag" data-is={has ? "ok" : "bad"}>
												{has ? "+ only here" : "− only there"}
											</span>
										)}
									</td>
								);
							})}
						</tr>
					))}
				</tbody>
			</table>
			<div className="row wrap">
				<span className="second">Other words</span>
				{own.length === 0 && (
					<span className="second quiet">{mine.includes("*") ? "every word, whatever an application asks for" : "none"}</span>
				)}
				{own.map((w) => (
					<span key={w} className="tag mono">
						{w}
					</span>
				))}
			</div>
		</>
	);
}
