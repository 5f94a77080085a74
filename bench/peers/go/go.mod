module appcreatepeer

go 1.19

require (
	github.com/gosimple/unidecode v1.0.1
	github.com/mattn/go-sqlite3 v1.14.32
)
