/* The endpoints of an organization; below them one endpoint, its deliveries, and one delivery. */

import { percent, row } from "../../words/count";
import { Suspense, useState } from "react";
import { Link, useLocation } from "wouter";
import { url } from "../../api/client";
import type { Webhook } from "../../api/resources";
import { usePages, type RowSource } from "../../api/pages";
import { useCurl } from "../../frame/page";
import { later } from "../../parts/later";
import { AsCurl } from "../../parts/as-curl";
import { Listing } from "../../parts/listing";
import { Rows, Table } from "../../parts/rows";
import { Address, Button, Empty, Ghosts, State, Typed } from "../../parts/small";
import { due, milliseconds } from "../../words/time";
import { goesOn, useStanding } from "../../api/standing";
import { NoPage } from "../NoPage";
import { healthOf } from "../webhooks/health";
import { endpointName } from "../../words/host";
import type { TabProps } from "./Organization";
import { rich, t } from "../../words/message";

const Endpoint = later(() => import("../webhooks/Endpoint"));
const PortalLink = later(() => import("./PortalLink"));
const NewEndpoint = later(() => import("../webhooks/New"));

export default function Webhooks(props: TabProps) {
	const { id, rest } = props;
	if (rest.length > 1 && (rest[1] !== "deliveries" || rest.length !== 3)) return <NoPage />;
	if (rest.length > 0) {
		return (
			<Suspense
				fallback={
					<div className="page">
						<Ghosts />
					</div>
				}
			>
				<Endpoint {...props} webhook={rest[0] ?? ""} delivery={rest[2]} />
			</Suspense>
		);
	}
	return <Endpoints id={id} name={props.answer?.data.attributes.name ?? undefined} may={props.may} />;
}

interface EndpointsProps {
	id: string;
	/** What the organization is called; in a portal that is not said, and links to it are not made. */
	name?: string;
	may: TabProps["may"];
}

function Endpoints({ id, name, may }: EndpointsProps) {
	const [, go] = useLocation();
	const by = useStanding();
	const [over, setOver] = useState<"endpoint" | "link" | null>(null);
	const request = url("webhooks", { "filter[organizationId]": id, sort: "createdAt", "page[size]": 100 });
	useCurl(request);
	const list = usePages<Webhook>(request);
	const create = (
		<Button
			icon="plus"
			not={may("webhooks:write") ? goesOn(by) : t("common.itTakesWebhooksWriteHere")}
			onClick={() => setOver("endpoint")}
		>
			{t("common.newEndpoint")}
		</Button>
	);
	const give = name !== undefined && (
		<Button icon="out" not={may("webhooks:write") ? false : t("common.itTakesWebhooksWriteHere")} onClick={() => setOver("link")}>
			{t("organization.portalLink.portalLink")}
		</Button>
	);
	return (
		<div className="stack gap4">
			<Listing
				list={list}
				what="list.endpoints"
				empty={
					<Empty
						title={t("organization.webhooks.noEndpointYet")}
						action={
							<div className="row wrap">
								{create}
								{give}
								<AsCurl
									path="webhooks"
									body={{
										data: {
											type: "webhooks",
											attributes: { name: "Billing", url: "https://example.com/roster" },
											relationships: { organization: { data: { type: "organizations", id } } },
										},
									}}
								/>
							</div>
						}
					>
						{rich("organization.webhooks.anEndpointIsAUrl")}
					</Empty>
				}
			>
				<div className="row wrap">
					{create}
					{give}
				</div>
				<EndpointTable list={list} id={id} />
			</Listing>
			{over === "endpoint" && (
				<Suspense fallback={null}>
					{/* It stands beside the list: what stood in one of its states would be gone with that, and the secret with it. */}
					<NewEndpoint
						organization={id}
						may={may}
						close={() => setOver(null)}
						made={(w) => go(`/organizations/${id}/webhooks/${w.id}`)}
					/>
				</Suspense>
			)}
			{over === "link" && (
				<Suspense fallback={null}>
					<PortalLink id={id} name={name ?? ""} close={() => setOver(null)} />
				</Suspense>
			)}
		</div>
	);
}

function EndpointTable({ list, id }: { list: RowSource<Webhook>; id: string }) {
	return (
		<Table list={list} folds="plain">
			<thead>
				<tr>
					<th scope="col">{t("common.endpoint")}</th>
					<th scope="col">{t("common.state")}</th>
					<th scope="col">{t("organization.webhooks.gets")}</th>
					<th scope="col" className="number">
						{t("organization.webhooks.success")}
					</th>
					<th scope="col" className="number">
						{t("common.latency")}
					</th>
					<th scope="col" className="number">
						{t("common.waiting")}
					</th>
				</tr>
			</thead>
			<Rows list={list}>
				{(w) => {
					const h = w.attributes.health;
					const state = healthOf(w);
					return (
						<tr>
							<td>
								<span className="cut block">
									<Link className="name" href={`/organizations/${id}/webhooks/${w.id}`}>
										<Typed>{endpointName(w.attributes)}</Typed>
									</Link>
									<br />
									<span className="second quiet mono">
										<Address>{w.attributes.url}</Address>
									</span>
								</span>
							</td>
							<td data-fold="under">
								<State is={state.is}>{state.word}</State>
							</td>
							<td className="second words" data-fold="no">
								{types(w)}
							</td>
							<td className="number" data-fold="no">
								{h?.successRate == null ? "" : percent(h.successRate)}
							</td>
							<td className="number nowrap" data-fold="no">
								{h?.latency == null ? "" : milliseconds(h.latency)}
							</td>
							<td className="number roomy" data-fold="end">
								{h?.backlog ? (
									t("common.backlogMessage", { backlog: h.backlog })
								) : (
									<span className="quiet">{t("organization.webhooks.nothingWaits")}</span>
								)}
								{h?.nextAttemptAt && (
									<span className="second quiet"> {t("organization.webhooks.next", { when: due(h.nextAttemptAt) })}</span>
								)}
							</td>
						</tr>
					);
				}}
			</Rows>
		</Table>
	);
}

function types(w: Webhook): string {
	const all = w.attributes.eventTypes ?? [];
	const which =
		all.length === 0 || all.includes("*")
			? t("webhooks.about.everything")
			: all.length > 2
				? t("organization.webhooks.types", { count: all.length })
				: row(all);
	return w.attributes.subtree ? t("organization.webhooks.belowAsWell", { which }) : which;
}
