/* Deliveries of several endpoints as a table. */

import type { ReactNode } from "react";
import { Link } from "wouter";
import { idOf, related, type Resource } from "../../api/document";
import type { RowSource } from "../../api/pages";
import type { Delivery, OrganizationAttributes, WebhookAttributes } from "../../api/resources";
import { Rows, Table } from "../../parts/rows";
import { State, Typed } from "../../parts/small";
import { endpointName } from "../../words/host";
import { short } from "../../words/time";
import { isExample, standing } from "./health";
import { t } from "../../words/message";

/** What a delivery may be, as a filter: "" is any. */
export const deliveryStates = ["", "pending", "succeeded", "failed", "cancelled"] as const;

interface DeliveryTableProps {
	list: RowSource<Delivery> & { included: Resource[] };
	/** Returns where a delivery is shown; without it rows lead nowhere and say nothing of their endpoint. */
	to?: (d: Delivery) => string;
	/** Whether a column names the organizations. */
	organizations?: boolean;
	/** What can be done with a row. */
	action?: (d: Delivery) => ReactNode;
}

export function DeliveryTable({ list, to, organizations, action }: DeliveryTableProps) {
	const doc = { included: list.included };
	return (
		<Table list={list} folds="plain">
			<thead>
				<tr>
					<th scope="col">{t("common.event")}</th>
					{to && <th scope="col">{t("common.endpoint")}</th>}
					{organizations && <th scope="col">{t("common.organization")}</th>}
					<th scope="col">{t("common.state")}</th>
					<th scope="col">{t("common.when")}</th>
					{action && (
						<th scope="col">
							<span className="only-read">{t("common.actions")}</span>
						</th>
					)}
				</tr>
			</thead>
			<Rows list={list}>
				{(d) => {
					const s = standing(d);
					return (
						<tr>
							<td>
								{to ? (
									<Link className="name mono" href={to(d)}>
										{d.attributes.eventType}
									</Link>
								) : (
									<span className="mono">{d.attributes.eventType}</span>
								)}
								{isExample(d) && <span className="tag beside">{t("webhooks.endpoint.anExample")}</span>}
							</td>
							{to && (
								<td data-fold="under">
									<Typed>{endpointName(related<WebhookAttributes>(doc, d, "webhook")?.attributes)}</Typed>
								</td>
							)}
							{organizations && (
								<td className="second" data-fold="under">
									<Typed>{related<OrganizationAttributes>(doc, d, "organization")?.attributes.name}</Typed>
								</td>
							)}
							<td data-fold="end">
								<State is={s.is}>{s.word}</State>
							</td>
							<td className="second nowrap" data-fold="beside">
								{short(d.attributes.createdAt)}
							</td>
							{action && <td className="actions">{action(d)}</td>}
						</tr>
					);
				}}
			</Rows>
		</Table>
	);
}

/** Returns where a delivery is shown. */
export function pathOf(d: Delivery, organization = idOf(d, "organization")): string {
	return `/organizations/${organization}/webhooks/${idOf(d, "webhook")}/deliveries/${d.id}`;
}
