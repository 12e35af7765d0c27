/* All organizations that one may see, as a list. */

import { Suspense } from "react";
import { useSearchParams } from "wouter";
import { organizationsOf } from "../api/me";
import { url } from "../api/client";
import type { Organization } from "../api/resources";
import { usePages } from "../api/pages";
import { useStanding } from "../api/standing";
import { Does } from "../frame/does";
import { usePage } from "../frame/page";
import { later } from "../parts/later";
import { Icon } from "../parts/icons";
import { Rows, Table } from "../parts/rows";
import { Button, Empty, Ghosts } from "../parts/small";
import { AsCurl } from "../parts/as-curl";
import { Listing } from "../parts/listing";
import { digits } from "../words/count";
import { short } from "../words/time";
import type { ScreenProps } from "../Console";
import { kinds } from "../words/kinds";
import { useQueryState } from "./query-state";
import { FilterChip } from "../parts/choices";
import { rich, t } from "../words/message";
import { Members, OrganizationName } from "../parts/organization-name";

const Deleted = later(() => import("./Deleted"));

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
	usePage({ title: t("common.organizations"), crumbs: [{ name: t("common.organizations") }], request });
	const by = useStanding();
	const filtered = Boolean(text || kind || parent);
	return (
		<div className="page stack gap4">
			<div>
				<h1>{t("common.organizations")}</h1>
				<p className="second">
					{gone
						? t("screens.organizations.thoseThatWereDeleted")
						: !list.total
							? t("screens.organizations.allThatYouMaySee")
							: filtered
								? t("screens.organizations.totalOrganization", { total: list.total })
								: t("screens.organizations.totalOrganization2", { total: list.total })}
				</p>
			</div>
			<div className="row wrap" role="group" aria-label={t("common.filters")}>
				<label className="with-icon grow">
					<Icon name="search" />
					<span className="only-read">{t("common.name")}</span>
					<input
						className="input"
						data-quiet=""
						type="search"
						placeholder={t("common.name")}
						value={text}
						onChange={(e) => setText(e.target.value)}
					/>
				</label>
				<label className="row second">
					{t("common.kind")}
					<select className="input chip-select" value={kind} onChange={(e) => setKind(e.target.value)}>
						<option value="">{t("common.any")}</option>
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
						{t("common.deleted")}
					</label>
				)}
				{parent && (
					<FilterChip
						label={t("screens.organizations.clearTheFilterOfWhat")}
						on={t("screens.organizations.rightBelow")}
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
								title={t("screens.organizations.noOrganizationHasAllOf")}
								action={
									<Button small onClick={() => setQuery(new URLSearchParams())}>
										{t("screens.organizations.clearTheFilters")}
									</Button>
								}
							>
								{t("screens.organizations.lettersCountAsTheyAre")}
							</Empty>
						) : (
							<Empty
								title={t("screens.organizations.nothingHereYet")}
								action={
									<div className="row wrap">
										<Does of="N" main not={by.heads}>
											{t("screens.organizations.makeTheFirstOrganization")}
										</Does>
										<AsCurl
											path={organizationsOf(me)}
											body={{ data: { type: "organizations", attributes: { name: "Acme", kind: "company" } } }}
										/>
									</div>
								}
							>
								{rich("screens.organizations.orFillAnEmptyDatabase")}
							</Empty>
						)
					}
				>
					<Table list={list} folds="kind">
						<thead>
							<tr>
								<th scope="col">{t("common.name")}</th>
								<th scope="col" className="number">
									{t("common.number")}
								</th>
								<th scope="col" className="number">
									{t("common.below")}
								</th>
								<th scope="col" className="number">
									{t("common.members")}
								</th>
								<th scope="col">{t("common.webhooks")}</th>
								<th scope="col">{t("common.changed")}</th>
							</tr>
						</thead>
						<Rows list={list}>
							{(o) => (
								<tr>
									<td>
										<OrganizationName of={o} />
									</td>
									<td className="number mono" data-fold="no">
										{o.attributes.number}
									</td>
									<td className="number" data-fold="no">
										{o.meta?.counts?.descendants ? digits(o.meta.counts.descendants) : ""}
									</td>
									<td className="number" data-fold="end">
										<Members of={o.meta?.counts?.memberships} />
									</td>
									<td className="second" data-fold="under">
										{o.meta?.counts?.endpoints ? (
											t("common.endpointsEndpoint", { endpoints: o.meta.counts.endpoints })
										) : (
											<span className="quiet">{t("common.noEndpoint")}</span>
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
