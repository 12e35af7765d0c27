package main

import "strings"

// region is where a company of the demo is at home, so that names, times and telephone numbers of its people fit each other.
type region struct {
	country, suffix, zone, locale, phone string
	cities, first, last                  []string
}

var regions = []region{
	{
		"Switzerland", "AG", "Europe/Zurich", "de-CH", "+41",
		words("Zürich Bern Basel Luzern Winterthur Chur Thun Aarau"),
		words("Anna Luca Sophie Noah Lea Matteo Mia Jonas Elin Nico Laura Reto Nina Urs Selina Beat"),
		words("Müller Meier Schmid Keller Weber Huber Schneider Frei Baumann Fischer Brunner Gerber Widmer Zimmermann Moser Graf"),
	},
	{
		"Germany", "GmbH", "Europe/Berlin", "de-DE", "+49",
		words("Berlin Hamburg München Köln Leipzig Bremen Dresden Hannover"),
		words("Emma Paul Hannah Felix Lena Maximilian Clara Moritz Jana Tobias Katrin Sven Birgit Jürgen Ayse Mehmet"),
		words("Schulz Hoffmann Koch Bauer Richter Klein Wolf Schröder Neumann Schwarz Braun Krüger Hartmann Lange Werner Yilmaz"),
	},
	{
		"France", "SAS", "Europe/Paris", "fr-FR", "+33",
		words("Paris Lyon Nantes Lille Bordeaux Rennes Toulouse Dijon"),
		words("Chloé Hugo Inès Louis Camille Jules Manon Théo Élise Antoine Margaux Baptiste Nadia Karim Aurélie Rémi"),
		words("Martin Bernard Dubois Thomas Robert Petit Durand Leroy Moreau Fournier Girard Bonnet Lambert Fontaine Rousseau Mercier"),
	},
	{
		"Spain", "SL", "Europe/Madrid", "es-ES", "+34",
		words("Madrid Sevilla Valencia Bilbao Málaga Zaragoza Vigo Gijón"),
		words("Lucía Hugo Martina Mateo Sofía Pablo Carmen Álvaro Elena Javier Marta Diego Núria Iker Pilar Andrés"),
		words("García Fernández López Martínez Sánchez Pérez Gómez Ruiz Díaz Moreno Álvarez Romero Navarro Torres Gil Ortega"),
	},
	{
		"Sweden", "AB", "Europe/Stockholm", "sv-SE", "+46",
		words("Stockholm Göteborg Malmö Uppsala Lund Umeå Örebro Kalmar"),
		words("Alice Liam Maja William Astrid Oscar Ebba Axel Freja Nils Saga Erik Ingrid Lars Elsa Gustav"),
		words("Andersson Johansson Karlsson Nilsson Eriksson Larsson Olsson Persson " +
			"Svensson Lindberg Lundgren Berg Holm Nyström Ek Sjöberg"),
	},
	{
		"Portugal", "Lda", "Europe/Lisbon", "pt-PT", "+351",
		words("Lisboa Porto Braga Coimbra Faro Évora Aveiro Leiria"),
		words("Maria João Leonor Francisco Matilde Afonso Beatriz Duarte Inês Tomás Joana Rui Catarina Nuno Teresa Vasco"),
		words("Silva Santos Ferreira Pereira Oliveira Costa Rodrigues Martins " +
			"Sousa Fernandes Gonçalves Lopes Marques Almeida Pinto Simões"),
	},
	{
		"United Kingdom", "Ltd", "Europe/London", "en-GB", "+44",
		words("London Leeds Bristol Glasgow Cardiff York Belfast Oxford"),
		words("Olivia George Amelia Harry Isla Oliver Priya Jack Grace Mohammed Freya Arthur Zara Callum Poppy Rhys"),
		words("Smith Jones Taylor Brown Williams Wilson Johnson Davies Patel Wright Walker Thompson Khan Evans Hughes Campbell"),
	},
	{
		"United States", "Inc", "America/New_York", "en-US", "+1",
		words("Boston Chicago Denver Seattle Austin Portland Atlanta Pittsburgh"),
		words("Ava Ethan Sophia Mason Isabella Logan Harper Jayden Chloe Carlos Abigail Marcus Naomi Tyler Mei Brandon"),
		words("Anderson Nguyen Ramirez Mitchell Carter Roberts Phillips Turner Parker Collins Edwards Stewart Morris Rogers Reed Kim"),
	},
	{
		"Japan", "KK", "Asia/Tokyo", "ja-JP", "+81",
		words("Tokyo Osaka Kyoto Sapporo Nagoya Kobe Fukuoka Sendai"),
		words("Yui Haruto Aoi Ren Hina Sota Sakura Yuto Mio Kaito Rin Daiki Akari Takumi Emi Kenji"),
		words("Sato Suzuki Takahashi Tanaka Watanabe Ito Yamamoto Nakamura Kobayashi Kato Yoshida Yamada Sasaki Yamaguchi Mori Ikeda"),
	},
	{
		"Brazil", "Ltda", "America/Sao_Paulo", "pt-BR", "+55",
		words("Recife Curitiba Salvador Fortaleza Manaus Campinas Santos Natal"),
		words("Helena Miguel Laura Arthur Valentina Heitor Luiza Davi Isabela Bernardo Camila Thiago Larissa Rafael Bruna Caio"),
		words("Souza Lima Barbosa Ribeiro Carvalho Gomes Rocha Dias Nascimento Araújo Melo Cardoso Teixeira Moura Freitas Batista"),
	},
}

var (
	companyFirst = words("Alder Amber Arbor Aurora Beacon Birch Bluewater Brightwater Cedar Cobalt Copper Coral Crescent Delta Ember " +
		"Evergreen Falcon Foxglove Garnet Granite Harbor Hazel Heron Highland Horizon Indigo Ironwood Juniper Kestrel Lakeside Lantern " +
		"Larch Linden Lumen Maple Meridian Mistral Northwind Oakridge Onyx Orchard Pinecrest Quarry Redwood Ridgeway Rowan Sable " +
		"Sandstone Silverline Skyline Solstice Sparrow Sterling Summit Tamarack Tidewater Timber Verdant Vista Waypoint Westgate Willow " +
		"Windward Zephyr")
	companySecond = words("Analytics Architects Bakery Biotech Brewing Ceramics Chemicals Clinics Construction Consulting Controls Dairy " +
		"Design Diagnostics Dynamics Electric Energy Engineering Events Farms Finance Foods Foundry Freight Furniture Glass Health " +
		"Hotels Imaging Industries Instruments Insurance Labs Logistics Machines Media Mobility Motors Networks Optics Packaging Paper " +
		"Partners Pharma Plastics Press Properties Robotics Security Shipping Software Solar Sports Steel Studios Systems Telecom " +
		"Textiles Tools Toys Travel Ventures Watches Waterworks")
	projectFirst = words("Apollo Atlas Bridge Compass Daybreak Eclipse Fjord Gateway Harvest " +
		"Iris Jigsaw Keystone Lighthouse Mosaic Nova Orbit Pioneer Quartz")
	projectSecond = words("Launch Migration Pilot Relocation Renewal Rollout Upgrade Study Campaign Expansion")
	departments   = words("Academy Archive Canteen Foundation Library Museum Outlet Pensions Research Services Store Workshop")
	descriptions  = []string{
		"Serves customers in more than twenty countries.", "A family business in its third generation.", "Founded to do one thing well.",
		"Runs the regional business.", "Handles everything between order and delivery.", "Known for its long warranties.",
		"Joined the group through an acquisition.", "Works mostly on public contracts.", "Small, independent and profitable.",
	}
)

func words(list string) []string { return strings.Fields(list) }
