import uuid

from django.db import migrations, models

from people.keys import primary_key


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('auth', '0012_alter_user_first_name_max_length'),
    ]

    operations = [
        migrations.CreateModel(
            name='Person',
            fields=[
                ('number', primary_key(serialize=False)),
                ('login', models.CharField(db_column='login_name', max_length=40, unique=True)),
                ('password', models.CharField(db_column='pw_hash', max_length=128)),
                ('contact', models.EmailField(db_column='mail_address', max_length=100)),
                ('last_login', models.DateTimeField(blank=True, db_column='seen_at', null=True)),
                ('is_superuser', models.BooleanField(db_column='is_root', default=False)),
                ('is_staff', models.BooleanField(db_column='may_enter', default=False)),
                ('is_active', models.BooleanField(db_column='enabled', default=True)),
                ('date_joined', models.DateTimeField(auto_now_add=True, db_column='since')),
                ('department', models.CharField(db_column='dept', max_length=30)),
                ('badge', models.UUIDField(default=uuid.uuid4, editable=False)),
                ('born', models.DateField(blank=True, null=True)),
                ('hired_on', models.DateField(auto_now_add=True)),
                ('credit', models.DecimalField(decimal_places=2, default=0, max_digits=8)),
                ('preferences', models.JSONField(blank=True, default=dict)),
                ('groups', models.ManyToManyField(blank=True, help_text='The groups this user belongs to. A user will get all permissions granted to each of their groups.', related_name='user_set', related_query_name='user', to='auth.group', verbose_name='groups')),
                ('user_permissions', models.ManyToManyField(blank=True, help_text='Specific permissions for this user.', related_name='user_set', related_query_name='user', to='auth.permission', verbose_name='user permissions')),
            ],
            options={
                'db_table': 'staff_register',
            },
        ),
    ]
