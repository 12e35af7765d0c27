/* Everybody whom one may see. */

import { Link } from "wouter";
import { url } from "../api/client";
import type { User } from "../api/resources";
import { usePages } from "../api/pages";
import { usePage } from "../frame/page";
import { Export } from "../parts/export";
import { Icon } from "../parts/icons";
import { Rows, Table } from "../parts/rows";
import { Button, Empty, Face, State, Typed, Words } from "../parts/small";
import { Listing } from "../parts/listing";
import { date } from "../words/time";
import type { ScreenProps } from "../Console";
import { ListPage } from "./list-page";
import { useQueryState } from "./query-state";
import { t } from "../words/message";

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
	usePage({ title: t("common.people"), crumbs: [{ name: t("common.people") }], request });
	return (
		<ListPage
			title={t("common.people")}
			said={
				!list.total
					? t("screens.people.everybodyWhomYouMaySee")
					: text
						? t("screens.people.totalPerson", { total: list.total })
						: t("screens.people.totalPerson2", { total: list.total })
			}
			word="users:read"
			what={t("screens.people.people")}
			list={list}
			filtered={Boolean(text)}
		>
			<div className="row wrap">
				<label className="with-icon grow">
					<Icon name="search" />
					<span className="only-read">{t("common.findPeople")}</span>
					<input
						className="input"
						data-quiet=""
						type="search"
						placeholder={t("screens.people.nameOrTheWholeE")}
						value={text}
						onChange={(e) => setText(e.target.value)}
					/>
				</label>
				<Export of={request} what="people" />
			</div>
			<Listing
				list={list}
				ghosts={10}
				what="list.people"
				empty={
					text ? (
						<Empty
							title={t("screens.people.nobodyIsCalledSo")}
							action={
								<Button small onClick={() => setText("")}>
									{t("common.clearTheText")}
								</Button>
							}
						>
							{t("screens.people.anEMailIsFound")}
						</Empty>
					) : (
						<Empty
							title={t("screens.people.nobodyHereYet")}
							action={
								<Link className="button" href="/">
									{t("screens.people.openAnOrganization")}
								</Link>
							}
						>
							{t("screens.people.peopleComeByAnInvitation")}
						</Empty>
					)
				}
			>
				<Table list={list} folds="face">
					<thead>
						<tr>
							<th scope="col">{t("common.person")}</th>
							<th scope="col">{t("common.state")}</th>
							<th scope="col">{t("common.timeZone")}</th>
							<th scope="col">{t("common.since")}</th>
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
									{u.attributes.active === false ? (
										<State is="off">{t("common.notActive")}</State>
									) : (
										<State is="ok">{t("common.active")}</State>
									)}
								</td>
								<td className="second words" data-fold="no">
									<Words>{u.attributes.timeZone ?? ""}</Words>
								</td>
								<td className="second nowrap" data-fold="no">
									{date(u.attributes.createdAt)}
								</td>
							</tr>
						)}
					</Rows>
				</Table>
			</Listing>
		</ListPage>
	);
}
